"""Once a day all that is due, once an hour what became due of late, by whichever process comes first."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services._runtime.claims import Claims, Completed, Held, utc_now
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.portal.retentions.naming import Naming
from services.portal.retentions.telling import Told

CLAIMS: Final = "retention/named/"
"""Below what retention tidies away after a week."""

LEASE: Final = timedelta(minutes=30)
TICK_SECONDS: Final = 60.0

LATE: Final = timedelta(hours=6)
"""How far the hour's look goes back. A fax on hold stays listed, and is named in these hours, then once a day."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asking:
    """Has retention delete what accounts no longer keep.

    Nothing is remembered but claims, in the store: what an outage left out, the next day's look finds.
    """

    naming: Naming
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
            faxes = await self.naming.name(now, back)
        except (DependencyAway, PublishUnknown):
            with contextlib.suppress(DependencyAway):  # then its lease ends
                await claim.release()
            raise
        await claim.complete({"faxes": str(faxes)})
        self.told.asked(now.timestamp())
        return faxes
