"""Once a day all that is due, once an hour what became due of late, by whichever process comes first."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from schemas.base import Event
from schemas.retention import RetentionRequested
from services._runtime.claims import Claims, Completed, Held, utc_now
from services._runtime.history import Cursor, FaxRow, History, Whose
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.portal.inventory.rows import parts
from services.portal.retentions.domain import Tasks, due_before
from services.portal.retentions.telling import Told

CLAIMS: Final = "retention/named/"
"""Below what retention tidies away after a week."""

LEASE: Final = timedelta(minutes=30)
TICK_SECONDS: Final = 60.0

LATE: Final = timedelta(hours=6)
"""How far the hour's look goes back. A fax on hold stays listed, and is named in these hours, then once a day."""

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


@dataclass(frozen=True)
class Asking:
    """Names faxes to retention; what isn't due, or is on hold, its workers find out for themselves.

    Nothing is remembered but claims, in the store: repeats are harmless, and what an outage left out the next day's
    look finds.
    """

    accounts: Accounts
    history: History
    publisher: Publishes
    claims: Claims
    told: Told
    now: Callable[[], datetime] = utc_now
    _over: deque[str] = field(default_factory=lambda: deque(maxlen=2))

    async def run(self) -> None:
        """Never ends. While a database, the store or Kafka is away, it waits for them."""
        while True:
            try:
                await self.ask_once()
            except (DependencyAway, PublishUnknown) as away:
                log.warning("shorter retentions wait", extra={"reason": f"{type(away).__name__}: {away}"[:200]})
            await asyncio.sleep(TICK_SECONDS)

    async def ask_once(self) -> int | None:
        """Name what is due, unless that is done for this day and this hour; how many faxes, or None.

        Raises:
            DependencyAway: A database or the store doesn't answer. What was named stays named; the rest comes again.
            PublishUnknown: Kafka doesn't confirm; the same.
        """
        now = self.now()
        for slot, back in ((f"{now:%Y-%m-%d}", None), (f"{now:%Y-%m-%dT%H}", LATE)):
            claim = await self._take(slot)
            if claim is not None:
                return await self._ask(claim, now, back)
        return None

    async def _take(self, slot: str) -> Held | None:
        if slot in self._over:
            return None
        claim = await self.claims.take(f"{CLAIMS}{slot}/")
        if isinstance(claim, Completed):
            self._over.append(slot)
        return claim if isinstance(claim, Held) else None

    async def _ask(self, claim: Held, now: datetime, back: timedelta | None) -> int:
        try:
            faxes = await self._name_all(now, back)
        except (DependencyAway, PublishUnknown):
            with contextlib.suppress(DependencyAway):  # then its lease ends
                await claim.release()
            raise
        await claim.complete({"faxes": str(faxes)})
        self.told.asked(now.timestamp())
        return faxes

    async def _name_all(self, now: datetime, back: timedelta | None) -> int:
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
        after: Cursor | None = None
        while True:
            page = await self.history.faxes(Whose(tuple(accounts)), since=since, until=until, after=after, limit=PAGE)
            yield page.rows
            if page.next is None:
                return
            after = page.next

    async def _publish(self, tasks: Sequence[RetentionRequested]) -> int:
        named = 0
        for some in parts(tasks, MESSAGES):
            await self.publisher.publish_events(some)
            faxes = sum(len(task.fax_ids or ()) for task in some)
            self.told.named(faxes)
            named += faxes
        return named
