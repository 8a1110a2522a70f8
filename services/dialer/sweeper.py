"""What the clock does: asks for the calls that are due, ends what waits too long, forgets what ended long ago."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from services._runtime.database import transaction
from services._runtime.outcomes import DependencyAway
from services.dialer import adapters, dead_numbers, domain
from services.dialer.adapters import Moved
from services.dialer.handlers import Dialer, Transition

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0
GAP_SECONDS: Final = 0.1
"""Between two looks, however often woken: a burst of faxes is looked at together."""

MANY: Final = 100
"""Faxes of each kind that one look moves."""
FORGETTING: Final = timedelta(hours=1)


@dataclass
class Sweeper:
    """Any process may sweep, and all do: transitions are compared and set, and one at a time counts the lines.

    Attributes:
        lines: Calls at once.
        lines_per_account: Calls at once for one account.
        due: Set when there may be something to do.
    """

    dialer: Dialer
    lines: int
    lines_per_account: int
    due: asyncio.Event = field(default_factory=asyncio.Event)
    _forget_at: datetime | None = None

    async def run(self) -> None:
        """Sweep every second, and whenever woken, until cancelled. A database that is away is waited for."""
        while True:
            self.due.clear()
            try:
                await self.sweep()
            except DependencyAway as away:
                log.warning("sweeping waits", extra={"dependency": away.dependency, "reason": str(away)[:200]})
                await asyncio.sleep(TICK_SECONDS)
            await asyncio.sleep(GAP_SECONDS)
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self.due.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> int:
        """Do what is due now; how many faxes moved.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        now = self.dialer.now()
        moved = await self._expire(now) + await self._request(now)
        if self._forget_at is None or self._forget_at <= now:
            async with transaction(self.dialer.engine) as connection:
                await adapters.forget(connection, now)
                await dead_numbers.clear(connection, now, self.dialer.rules)
            self._forget_at = now + FORGETTING
        return moved

    async def _expire(self, now: datetime) -> int:
        """End, or move on, what the clock has caught up with."""
        rules = self.dialer.rules
        async with transaction(self.dialer.engine) as connection:
            overdue = await adapters.overdue(connection, now, MANY)
            hopeless = await adapters.hopeless(connection, now, MANY)
        cut_off = bool(overdue) and await self._cut_off(now)
        expire = partial(domain.expire, now=now, rules=rules, cut_off=cut_off)
        moved = [await self._move(fax_id, expire) for fax_id in overdue]
        moved += [await self._move(fax_id, partial(domain.refuse, now=now)) for fax_id in hopeless]
        return sum(moved)

    async def _cut_off(self, now: datetime) -> bool:
        """Whether Kafka doesn't take what we tell: a request that waits so long for it is too old to be followed."""
        oldest = await self.dialer.outbox.oldest()
        return oldest is not None and oldest < now - timedelta(seconds=self.dialer.rules.start)

    async def _move(self, fax_id: UUID, transition: Transition) -> bool:
        try:
            return await self.dialer.move(fax_id, transition)
        except DependencyAway:
            raise
        except Exception as error:  # one fax that can't be moved must not hold up the others  # noqa: BLE001
            log.error("a fax can't be moved", extra={"fax_id": str(fax_id), "reason": type(error).__name__})  # noqa: TRY400 - it could quote the row
            return False

    async def _request(self, now: datetime) -> int:
        """Ask for the calls that are due, as far as lines are free."""
        async with transaction(self.dialer.engine) as connection:
            if not await adapters.picking(connection):
                return 0
            free = (await adapters.trunk(connection)).free(self.lines, now)
            rows = await adapters.due(connection, now, self.lines_per_account, free) if free else ()
            for row in rows:
                step = domain.request(row, now, self.dialer.rules)
                if step is not None:
                    with suppress(Moved):  # cancelled meanwhile: nothing was written
                        await self.dialer.save(connection, row.version, step)
        if rows:
            self.dialer.outbox.wake()
        return len(rows)
