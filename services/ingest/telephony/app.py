"""The wiring of telephony over HTTP."""

import logging

from services._runtime.rates import Buckets
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.telephony.adapters import Fetching
from services.ingest.telephony.gate import Gate
from services.ingest.telephony.handlers import Reception
from services.ingest.telephony.problems import broken
from services.ingest.telephony.routes import Desk, Room, telephony
from services.ingest.telephony.settings import TelephonySettings

log = logging.getLogger(__name__)


async def build(resources: Resources) -> tuple[Stage, ...]:
    """No stage, but pages that switches post to."""
    settings = TelephonySettings()
    if not settings.switches:
        log.warning("no NATIVEFAX_TELEPHONY_SWITCHES: nobody is let in")
    desk = desk_of(settings, Reception(resources.blobs(), resources.publisher))
    resources.serve(Wrapping(telephony(desk), HttpMetrics(resources.registry, "telephony"), broken))
    return ()


def desk_of(settings: TelephonySettings, reception: Reception) -> Desk:
    """All that answers switches, as the settings say."""
    return Desk(
        Gate(settings.switches, Buckets(settings.failures_per_minute / 60, settings.failures_burst)),
        reception,
        Fetching(
            settings.url_hosts,
            settings.http_hosts,
            settings.url_networks,
            settings.fetch_seconds,
            settings.url_ca_file,
        ),
        Room(settings.at_once),
        settings,
    )


def main() -> None:
    """Take what switches post."""
    run_stages("telephony", build)
