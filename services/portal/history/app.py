"""The wiring of the stage `history`."""

from schemas.topics import FAX_EXPIRED, FAX_STATUS
from services._runtime.database import connect, migrate
from services._runtime.history import HistorySettings
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services.portal.history.adapters import Projection
from services.portal.history.handlers import Projecting
from services.portal.history.rebuilding import rebuild_new
from services.portal.history.recording import Recorder
from services.portal.history.telling import Told
from services.portal.history.unrecorded import Unrecorded

AT_ONCE = 256
"""Faxes whose steps share a transaction, if so many wait."""


async def build(resources: Resources) -> tuple[Stage, ...]:
    """Two stages on one database, once it has the newest tables and all that is remembered of a time before it."""
    engine = connect(HistorySettings().database.get_secret_value())
    resources.stack.push_async_callback(engine.dispose)
    await migrate(engine, "services._runtime.history")
    projection = Projection(engine)
    store = resources.blobs()
    await rebuild_new(engine, projection, resources.kafka, store)
    told = Told(resources.registry)
    resources.supervise("records", Recorder(Unrecorded(engine), store, told).run)
    projecting = Projecting(projection, told.step)
    return (
        Stage("history", FAX_STATUS, projecting.status, concurrency=AT_ONCE, batch=AT_ONCE),
        Stage("history-expiry", FAX_EXPIRED, projecting.expired, concurrency=AT_ONCE, batch=AT_ONCE),
    )


def main() -> None:
    """Project the history."""
    run_stages("history", build)
