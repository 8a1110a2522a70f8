"""What the clock does: faxes whose deadline has come go out by mail, and old rows go."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from schemas.retention import LONGEST
from services._runtime.claims import utc_now
from services._runtime.outcomes import DependencyAway
from services.ingest.ata import domain
from services.ingest.ata.adapters import HeldFaxes

TICK_SECONDS: Final = 1.0
MANY: Final = 100
"""Faxes of one look."""
FORGETTING: Final = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass
class Sweeper:
    """Any process may sweep, and all do: whoever changes a fax first counts."""

    faxes: HeldFaxes
    now: Callable[[], datetime] = utc_now
    _forget_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    async def run(self) -> None:
        """Sweep every second until cancelled. A database that is away is waited for."""
        while True:
            try:
                while await self.sweep() == MANY:
                    pass
            except DependencyAway as away:
                log.warning("sweeping waits", extra={"reason": str(away)[:200]})
            await asyncio.sleep(TICK_SECONDS)

    async def sweep(self) -> int:
        """Expire what is overdue, `MANY` at most, and forget what is over 365 days old; how many were dealt with.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        now = self.now()
        overdue = await self.faxes.overdue(now, MANY)
        done = [await self._expire(fax_id, now) for fax_id in overdue]
        if now >= self._forget_at:
            await self.faxes.forget(now - LONGEST)
            self._forget_at = now + FORGETTING
        return sum(done)

    async def _expire(self, fax_id: UUID, now: datetime) -> bool:
        try:
            after = await self.faxes.change(fax_id, partial(domain.expire, now=now))
        except DependencyAway:
            raise
        except Exception as error:  # one fax that can't be moved must not hold up the others  # noqa: BLE001
            log.error("a fax can't be moved", extra={"fax_id": str(fax_id), "reason": type(error).__name__})  # noqa: TRY400
            return False
        log.info("deadline", extra={"fax_id": str(fax_id), "state": after.state if after else "gone"})
        return True
