"""How far the rows of a stage's database are past their deadlines: what the clock should have moved, and didn't."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from prometheus_client import Gauge
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import reading
from services._runtime.outcomes import DependencyAway
from services._runtime.service import Resources

LOOK_SECONDS: Final = 30.0

Deadlines = Mapping[str, Select[Any]]
"""State → a query for the earliest deadline of a row in it; None if there is no row."""


def watch_deadlines(resources: Resources, stage: str, engine: AsyncEngine, deadlines: Deadlines) -> None:
    """Tell, as long as the process runs, for how long the latest row in each state is past its deadline."""
    late = Gauge(
        "nativefax_overdue_seconds",
        "How far the latest fax in a state is past its deadline",
        ("stage", "state"),
        registry=resources.registry,
    )
    resources.supervise("deadlines", partial(_watch, engine, deadlines, partial(late.labels, stage)))


async def _watch(engine: AsyncEngine, deadlines: Deadlines, late: Callable[[str], Gauge]) -> None:
    while True:
        try:
            found = await overdue(engine, deadlines, utc_now())
        except DependencyAway:
            pass  # the last answer stays; whoever moves the rows says that the database is away
        else:
            for state, seconds in found.items():
                late(state).set(seconds)
        await asyncio.sleep(LOOK_SECONDS)


async def overdue(engine: AsyncEngine, deadlines: Deadlines, now: datetime) -> dict[str, float]:
    """State → seconds since the earliest deadline in it; 0 if none has passed.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    async with reading(engine) as connection:
        earliest = {state: await connection.scalar(asked) for state, asked in deadlines.items()}
    return {state: max(0.0, (now - at).total_seconds()) if at else 0.0 for state, at in earliest.items()}
