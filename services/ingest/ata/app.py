"""The ATA gateway's wiring: devices over HTTP, ata-requested from Kafka, the sweeper, and the outbox's relay."""

from functools import partial

from prometheus_client import Counter

from schemas.topics import ATA_REQUESTED
from services._runtime.account_positions import report_positions
from services._runtime.account_table import AccountTable
from services._runtime.database import connect, migrate
from services._runtime.outbox import Outbox
from services._runtime.overdue import watch_deadlines
from services._runtime.relaying import relay
from services._runtime.running import running
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.ata.adapters import HeldFaxes, deadlines
from services.ingest.ata.devices import Devices
from services.ingest.ata.handlers import Receiving
from services.ingest.ata.problems import broken
from services.ingest.ata.routes import Desk, gateway
from services.ingest.ata.settings import AtaSettings
from services.ingest.ata.submitting import Submitting
from services.ingest.ata.sweeper import Sweeper
from services.ingest.ata.tables import OUTBOX
from services.ingest.ata.upload import Room
from services.ingest.submissions import Submissions

NAME = "ata"


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The gateway, once its database is migrated and its account table is complete."""
    settings = AtaSettings()
    engine = connect(settings.database.get_secret_value())
    resources.stack.push_async_callback(engine.dispose)
    await migrate(engine, "services.ingest.ata")
    accounts = await resources.stack.enter_async_context(running(AccountTable(resources.kafka)))
    outbox = Outbox(engine, OUTBOX, resources.publisher, source=NAME)
    faxes, blobs = HeldFaxes(engine, outbox), resources.blobs()
    reused = Counter("nativefax_ata_jobs_reused", "Other documents as a known job", registry=resources.registry)
    desk = Desk(
        devices=Devices(engine, accounts),
        submitting=Submitting(Submissions(blobs, resources.publisher), reused),
        receiving=Receiving(faxes, blobs),
        room=Room(settings.upload_bytes),
        upload_seconds=settings.upload_seconds,
    )
    resources.supervise("positions", partial(report_positions, accounts, resources.publisher, "ata", NAME))
    relay(resources, outbox, resources.publisher)
    resources.supervise("sweeper", Sweeper(faxes).run)
    watch_deadlines(resources, NAME, engine, deadlines())
    resources.serve(Wrapping(gateway(desk), HttpMetrics(resources.registry, NAME), broken))
    return (Stage(NAME, ATA_REQUESTED, desk.receiving.handle),)


def main() -> None:
    """Run the ATA gateway."""
    run_stages(NAME, build)
