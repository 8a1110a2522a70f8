"""Publishing an outbox: by one process at a time, which leaves it to another when Kafka doesn't confirm."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Protocol

from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from services._runtime.claims import utc_now
from services._runtime.outbox import Outbox
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services._runtime.service import Resources
from services._runtime.sole_relay import SILENT_SECONDS, StillAlone, alone

IDLE_SECONDS = 1.0
"""How often a relay looks by itself; `Outbox.wake` makes it look at once."""

REST_SECONDS = 5.0
"""For so long a process that Kafka didn't confirm leaves the outbox to others, who look every second."""

REFUSALS = 5
"""Batches in a row that Kafka didn't confirm, though it answered before each: the producer is broken for good."""

LOOK_SECONDS = 5.0
"""How often the age of what waits is measured."""

log = logging.getLogger(__name__)


class Link(Protocol):
    """How a process that relays stands to Kafka."""

    async def reached(self) -> None:
        """Return when Kafka answers; raises `PublishUnknown` if it doesn't in time."""

    def leading(self) -> AbstractAsyncContextManager[None]:
        """For as long as this process relays. Entering raises `PublishUnknown` if Kafka doesn't answer in time."""


class Relay:
    """Publishes an outbox in its order.

    One process at a time does (`services._runtime.sole_relay`), so one key stays in order. One that dies between
    publishing and deleting leaves what the next publishes again: consumers know a repeat by id and version. One that
    can't reach Kafka leaves it to another, and takes its turn again when Kafka has answered it.
    """

    def __init__(self, outbox: Outbox, link: Link, *, silent_seconds: float = SILENT_SECONDS) -> None:
        self._outbox = outbox
        self._link = link
        self._silent_seconds = silent_seconds
        self._cut_off = False
        self._refused = 0

    async def run(self) -> None:
        """Publish what is written, until cancelled. Whatever is away is waited for.

        Raises:
            PublishUnknown: Kafka answers, and confirms nothing: this process should be ended.
        """
        while True:
            try:
                await self._turn()
            except PublishUnknown as unknown:
                self._cut_off = True
                _waits(unknown)
                if self._refused >= REFUSALS:
                    raise
                await asyncio.sleep(REST_SECONDS)
            except (DependencyAway, SQLAlchemyError, OSError) as error:
                _waits(error)
            await asyncio.sleep(IDLE_SECONDS)

    async def _turn(self) -> None:
        """Relay for as long as nobody else does, if nobody does."""
        if self._cut_off:
            await self._link.reached()
            self._cut_off = False
        async with alone(self._outbox.engine, self._silent_seconds) as still_alone:
            if await still_alone():
                async with self._link.leading():
                    while await still_alone():
                        await self._work(still_alone)

    async def _work(self, still_alone: StillAlone) -> None:
        """Publish what there is, or wait a little."""
        try:
            published = await self._outbox.drain(still_alone)
        except PublishUnknown:
            self._refused += 1
            raise
        self._refused = 0
        if not published:
            await self._outbox.written(IDLE_SECONDS)

    def waits(self) -> list[str]:
        """Why this process can't relay, if it tried."""
        return [f"{self._outbox.source}: Kafka doesn't confirm the outbox's events"] if self._cut_off else []


def relay(resources: Resources, outbox: Outbox, link: Link) -> None:
    """Relay `outbox` as long as the process runs; tell the age of what waits, and when Kafka doesn't confirm."""
    told = "Age of the oldest event not yet published"
    age = Gauge("nativefax_outbox_oldest_seconds", told, registry=resources.registry)
    relay = Relay(outbox, link)
    resources.waits.append(relay.waits)
    resources.supervise("outbox", relay.run)
    resources.supervise("outbox's age", partial(_measure, outbox, age))


async def _measure(outbox: Outbox, age: Gauge) -> None:
    while True:
        try:
            oldest = await outbox.oldest()
        except DependencyAway:
            pass  # the last age stays; who relays says that the database is away
        else:
            age.set((utc_now() - oldest).total_seconds() if oldest else 0)
        await asyncio.sleep(LOOK_SECONDS)


def _waits(error: Exception) -> None:
    log.warning("outbox waits", extra={"reason": f"{type(error).__name__}: {error}"[:200]})
