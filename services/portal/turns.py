"""So many at a time, and so few of one person that nobody keeps the others out. Whoever comes too soon waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Turns of this process.

    Args:
        at_once: Blocks that run at the same time, of everybody.
        of_one: Of one person.
    """

    def __init__(self, at_once: int, of_one: int = 1) -> None:
        self._everybody = asyncio.Semaphore(at_once)
        self._of_one = of_one
        self._each: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, who: str) -> AsyncIterator[None]:
        """Have a turn while the block runs. One's own come first, so that a crowd of them waits behind themselves."""
        mine = self._each.get(who)
        if mine is None:
            mine = self._each[who] = asyncio.Semaphore(self._of_one)
        async with mine, self._everybody:
            yield
