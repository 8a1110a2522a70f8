"""The dialer's wiring."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import FAX_TO_DIAL, TELEPHONY_DIAL_RESULT
from services._runtime.claims import utc_now
from services._runtime.database import connect, migrate
from services._runtime.outbox import Outbox
from services._runtime.overdue import watch_deadlines
from services._runtime.publisher import Publishes
from services._runtime.relaying import relay
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services.dialer.adapters import deadlines
from services.dialer.handlers import Dialer
from services.dialer.settings import DialerSettings
from services.dialer.sweeper import Sweeper
from services.dialer.tables import OUTBOX

NAME = "dialer"


def assemble(
    engine: AsyncEngine, publisher: Publishes, settings: DialerSettings, now: Callable[[], datetime] = utc_now
) -> Sweeper:
    """The dialer's parts on one database; nothing connects yet."""
    due = asyncio.Event()
    dialer = Dialer(
        engine=engine,
        outbox=Outbox(engine, OUTBOX, publisher, source=NAME),
        rules=settings.rules,
        wake=due.set,
        now=now,
    )
    return Sweeper(dialer, settings.lines, settings.lines_per_account, due)


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The dialer, once its database is migrated: two topics, the sweeper, and the outbox's relay."""
    settings = DialerSettings()
    engine = connect(settings.database.get_secret_value())
    resources.stack.push_async_callback(engine.dispose)
    await migrate(engine, "services.dialer")
    sweeper = assemble(engine, resources.publisher, settings)
    relay(resources, sweeper.dialer.outbox, resources.publisher)
    resources.supervise("sweeper", sweeper.run)
    watch_deadlines(resources, NAME, engine, deadlines())
    return (
        Stage(NAME, FAX_TO_DIAL, sweeper.dialer.handle),
        Stage(f"{NAME}-results", TELEPHONY_DIAL_RESULT, sweeper.dialer.hear),
    )


def main() -> None:
    """Run the dialer."""
    run_stages(NAME, build)
