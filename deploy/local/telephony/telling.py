"""Tells results: publishes what is due until it is confirmed."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from deploy.local.telephony.attempts import Attempts
from services._runtime.claims import utc_now
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Publishes, PublishUnknown, message_of

AGAIN_SECONDS = 1.0
"""After a publish that wasn't confirmed; the result may then be told twice, which its reader must bear."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Teller:
    """Tells results; `results` is set when there may be a new one."""

    attempts: Attempts
    publisher: Publishes
    results: asyncio.Event
    now: Callable[[], datetime] = utc_now

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            self.results.clear()
            try:
                told = await self.tell_due()
            except (DependencyAway, PublishUnknown) as error:
                log.warning("results wait", extra={"reason": str(error)})
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if not told:
                await self._wait()

    async def tell_due(self) -> int:
        """Publish what is due, each once; how many.

        Raises:
            DependencyAway: The attempts can't be read or written.
            PublishUnknown: Kafka didn't confirm.
        """
        due = await self.attempts.due(self.now())
        if due:
            await self.publisher.publish([message_of(result, source="telephony", at=self.now()) for _, result in due])
            await self.attempts.was_told([number for number, _ in due])
        return len(due)

    async def _wait(self) -> None:
        soonest = await self.attempts.next_due()
        seconds = None if soonest is None else max(0.0, soonest - self.now().timestamp())
        try:
            async with asyncio.timeout(seconds):
                await self.results.wait()
        except TimeoutError:
            return
