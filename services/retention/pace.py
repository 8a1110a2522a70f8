"""How fast a process may delete."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """Lets `per_second` objects through: whoever spends waits until those before are paid for."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    async def spend(self, objects: int) -> None:
        """Wait until it is our turn to delete `objects`."""
        now = self._clock()
        begin = max(self._free_at, now)
        self._free_at = begin + objects / self._per_second
        if begin > now:
            await self._sleep(begin - now)
