"""Tells on fax-status how far this process has read fax-accounts: the portal says by that when an account is live."""

import asyncio
import logging
import os
import platform
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Protocol

from schemas.base import Event
from schemas.fax import Stage, TablePositionReported
from services._runtime.claims import utc_now
from services._runtime.publisher import PublishUnknown
from services._runtime.running import beside

LOOK_SECONDS = 0.25
"""How often the position is looked at: an account is shown as live soon after it is."""

AGAIN_SECONDS = 10.0
"""How often a position that hasn't moved is told again; the portal forgets who is silent for 30 s."""

log = logging.getLogger(__name__)


class Positioned(Protocol):
    """An `AccountTable`."""

    @property
    def positions(self) -> Mapping[str, int]:
        """Partition number → next offset."""


class PublishesEvents(Protocol):
    """A `Publisher`."""

    async def publish_events(self, events: Sequence[Event]) -> None:
        """Return when they are confirmed."""


async def report_positions(table: Positioned, publisher: PublishesEvents, stage: Stage, name: str) -> None:
    """Tell the table's position when it moves, and every 10 s; until cancelled. `name` is this process's work."""
    instance = f"{name}/{platform.node()}/{os.getpid()}"
    told: Mapping[str, int] = {}
    at = monotonic()
    while True:
        positions = dict(table.positions)
        if positions != told or monotonic() - at >= AGAIN_SECONDS:
            event = TablePositionReported(instance=instance, stage=stage, at=utc_now(), positions=positions)
            try:
                await publisher.publish_events([event])
            except PublishUnknown as unknown:
                log.warning("position not told", extra={"reason": str(unknown)})
            else:
                told, at = positions, monotonic()
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def reporting(table: Positioned, publisher: PublishesEvents, stage: Stage, name: str) -> AsyncIterator[None]:
    """`report_positions` while the block runs, for a process that has no `Resources`."""
    async with beside(report_positions(table, publisher, stage, name), "positions"):
        yield
