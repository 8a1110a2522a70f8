"""Group commit: calls that come while a transaction runs share the next one (one fsync for all of them)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services._runtime.outcomes import DependencyAway

T = TypeVar("T")
MOST = 500
"""Items of one transaction: a bound on how long one holds the database (about 0.2 s on SQLite)."""


class GroupCommit(Generic[T]):
    """Calls `write` with what many callers bring; each returns when the transaction that had its item is committed."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> None:
        """Return when `item` is written; raises what `write` raised, for this item alone if it isn't away.

        A caller who is cancelled doesn't know whether its item is written.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._work())
        await written

    async def _work(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle([one for one in group if not one[1].done()])
        finally:
            self._writing = None

    async def _settle(self, group: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            await self._write([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it is raised where it belongs
            if len(group) > 1 and not isinstance(error, DependencyAway):
                for one in group:  # an item that can't be written must not take the others with it
                    await self._settle([one])
                return
            _tell(group, error)
        else:
            _tell(group, None)


def _tell(group: Sequence[tuple[T, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, written in group:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)
