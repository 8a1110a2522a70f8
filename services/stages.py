"""The stages by name, in pipeline order."""

import importlib
from dataclasses import dataclass


@dataclass(frozen=True)
class StageEntry:
    """One stage: its name, the module whose `main` runs it, and what it does."""

    name: str
    module: str
    does: str

    def run(self) -> None:
        """Run the stage in this process until a signal ends it."""
        importlib.import_module(self.module).main()


STAGES = {
    entry.name: entry
    for entry in (
        StageEntry("ingest", "services.ingest.app", "takes received faxes, keeps them, makes PDF and thumbnail"),
        StageEntry("router", "services.router.app", "decides once what happens to each fax"),
        StageEntry("email_out", "services.email_out.app", "sends the mails"),
        StageEntry("bounces", "services.ingest.bounces.app", "takes the reports of mails that came back"),
        StageEntry("retention", "services.retention.app", "deletes what is older than 365 days"),
        StageEntry("portal", "services.portal.app", "serves the links in mails"),
    )
}
