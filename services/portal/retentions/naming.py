"""Naming what accounts no longer keep: read from both databases in pages, told in tasks."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from schemas.base import Event
from schemas.retention import RetentionRequested
from services._runtime.history import FaxRow, History, Whose
from services.portal.inventory.rows import parts
from services.portal.retentions.domain import Tasks, due_before

ACCOUNTS: Final = 100
PAGE: Final = 1_000
MESSAGES: Final = 100

log = logging.getLogger(__name__)


class Accounts(Protocol):
    """Says who keeps faxes for less than 365 days."""

    async def shorter(self) -> Mapping[int, Sequence[str]]:
        """Days → accounts."""


class Publishes(Protocol):
    """Publishes events and waits until they are safe."""

    async def publish_events(self, events: Sequence[Event]) -> None:
        """Return when each is confirmed."""


class Told(Protocol):
    """Counts."""

    def named(self, faxes: int) -> None:
        """So many more were named, and it is confirmed."""


@dataclass(frozen=True)
class Naming:
    """Names faxes by their age alone: which of them are on hold, retention's workers know. Repeats are harmless."""

    accounts: Accounts
    history: History
    publisher: Publishes
    told: Told

    async def name(self, now: datetime, back: timedelta | None = None) -> int:
        """Name all that is due, or what became due in the last `back`; how many faxes.

        Raises:
            DependencyAway: A database doesn't answer. What was named stays named.
            PublishUnknown: Kafka doesn't confirm; the same.
        """
        faxes = 0
        for days, accounts in sorted((await self.accounts.shorter()).items()):
            bound = due_before(days, now)
            named = await self._name(accounts, bound, bound - back if back else None)
            faxes += named
            log.info("named to retention", extra={"days": days, "accounts": len(accounts), "faxes": named})
        return faxes

    async def _name(self, accounts: Sequence[str], bound: datetime, since: datetime | None) -> int:
        tasks, named = Tasks(bound), 0
        for some in parts(accounts, ACCOUNTS):
            async for faxes in self._faxes(some, since, bound):
                named += await self._publish(tasks.add(faxes))
        return named + await self._publish(tasks.rest())

    async def _faxes(
        self, accounts: Sequence[str], since: datetime | None, until: datetime
    ) -> AsyncIterator[Sequence[FaxRow]]:
        whose, after = Whose(tuple(accounts)), None
        while True:
            page = await self.history.faxes(whose, since=since, until=until, after=after, limit=PAGE)
            yield page.rows
            after = page.next
            if after is None:
                return

    async def _publish(self, tasks: Sequence[RetentionRequested]) -> int:
        named = 0
        for some in parts(tasks, MESSAGES):
            await self.publisher.publish_events(some)
            faxes = sum(len(task.fax_ids or ()) for task in some)
            self.told.named(faxes)
            named += faxes
        return named
