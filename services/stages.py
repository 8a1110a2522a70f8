"""The stages by name, in pipeline order."""

import gc
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
        gc.disable()  # what an import makes stays: looking for garbage meanwhile costs a tenth of the start
        main = importlib.import_module(self.module).main
        gc.enable()
        main()


STAGES = {
    entry.name: entry
    for entry in (
        StageEntry("email_in", "services.ingest.email_in.app", "takes faxes to send by email"),
        StageEntry("api", "services.ingest.api.app", "takes faxes to send over HTTP, and tells of all faxes"),
        StageEntry("ata", "services.ingest.ata.app", "takes faxes from fax machines, and holds received ones for them"),
        StageEntry("telephony", "services.ingest.telephony.app", "takes received faxes and results over HTTP"),
        StageEntry("ingest", "services.ingest.app", "keeps received faxes, and makes the pages of all"),
        StageEntry("router", "services.router.app", "decides once what happens to each fax"),
        StageEntry("dialer", "services.dialer.app", "has faxes dialled, and dials again when that helps"),
        StageEntry("email_out", "services.email_out.app", "sends the mails"),
        StageEntry("bounces", "services.ingest.bounces.app", "takes the reports of mails that came back"),
        StageEntry("retention", "services.retention.app", "deletes what is older than 365 days"),
        StageEntry("history", "services.portal.history.app", "remembers every step of every fax"),
        StageEntry("portal", "services.portal.app", "serves the links in mails"),
    )
}
