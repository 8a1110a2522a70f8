"""fax-to-dial and telephony-dial-result in; what they cause goes to the outbox, in the transaction of its row."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.fax import CancelRequested, FaxRendered, FaxToDial
from schemas.telephony import TelephonyDialResult
from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services._runtime.outbox import Outbox
from services._runtime.outcomes import DependencyAway, Done, Outcome
from services.dialer import adapters, dead_numbers, domain, rendering, results
from services.dialer.adapters import RECALLED, Moved
from services.dialer.rules import Rules
from services.dialer.sending import Sending
from services.dialer.steps import Step

log = logging.getLogger(__name__)

TRIES: Final = 10
"""Of one transition, while other processes move the same fax; each of them got further, so it ends."""

Transition = Callable[[Sending], Step | None]


@dataclass(frozen=True)
class Dialer:
    """The stage. Each event is one transaction: its repeat, whoever handles it, changes nothing.

    Attributes:
        wake: Called when a call may be due.
    """

    engine: AsyncEngine
    outbox: Outbox
    rules: Rules
    wake: Callable[[], None] = lambda: None
    now: Callable[[], datetime] = utc_now

    async def handle(self, event: FaxToDial | FaxRendered | CancelRequested) -> Outcome:
        """Take a fax, or the pages that were made anew for it, or take it back.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        match event:
            case FaxToDial():
                await self._take(event)
            case FaxRendered():
                await self.move(event.fax_id, lambda one: rendering.take(one, event, self.now()))
            case _:
                await self._cancel(event)
        self._moved()
        return Done()

    async def hear(self, event: TelephonyDialResult) -> Outcome:
        """Take what telephony says of an attempt.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        changed = await self.move(event.fax_id, lambda one: results.hear(one, event, self.now(), self.rules))
        if not changed:
            told = {"attempt_id": str(event.attempt_id), "outcome": event.outcome}
            log.info("a result that changes nothing: a repeat, or too late, or of no fax of ours", extra=told)
        return Done()

    async def move(self, fax_id: UUID, transition: Transition) -> bool:
        """Move one fax by compare and set; False if `transition` has nothing to do.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        for _ in range(TRIES):
            try:
                async with transaction(self.engine) as connection:
                    row = await adapters.read(connection, fax_id)
                    step = transition(row) if isinstance(row, Sending) else None
                    if isinstance(row, Sending) and step is not None:
                        await self.save(connection, row.version, step)
            except Moved:
                continue
            if step is not None:
                self._moved()
            return step is not None
        raise DependencyAway("database", f"a fax was moved {TRIES} times meanwhile")

    async def save(self, connection: AsyncConnection, version: int, step: Step) -> None:
        """Write a step: the row that had `version`, and the events it causes.

        Raises:
            Moved: It has another version.
        """
        await adapters.move(connection, version, step.sending)
        now = step.sending.since
        if step.number == "dead":
            await dead_numbers.remember(connection, step.sending.fax, now, self.rules)
        elif step.number == "alive":
            await dead_numbers.forget(connection, step.sending.fax.destination)
        await self.outbox.put(connection, step.events, now)

    async def _take(self, fax: FaxToDial) -> None:
        row = domain.accept(fax, self.now(), self.rules)
        async with transaction(self.engine) as connection:
            if await adapters.add(connection, row):
                return
            if await adapters.read(connection, fax.fax_id) == RECALLED:
                await self.save(connection, 0, domain.recalled(row, self.now()))

    async def _cancel(self, event: CancelRequested) -> None:
        async with transaction(self.engine) as connection:
            if await adapters.recall(connection, event.fax_id, event.accepted_at, self.now()):
                return
        await self.move(event.fax_id, lambda one: domain.cancel(one, event, self.now()))

    def _moved(self) -> None:
        self.outbox.wake()
        self.wake()
