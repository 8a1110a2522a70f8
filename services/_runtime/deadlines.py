"""A hard time limit for many short calls: one timer for all of them instead of one timer each."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

LOOK_EVERY = 8
"""A call is ended at most an eighth of the limit late."""


class Deadlines:
    """Ends calls that run longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[object], float] = {}
        self._expired: set[asyncio.Task[object]] = set()
        self._looking = False

    async def limited(self, call: Awaitable[T]) -> T:
        """The call's result.

        Raises:
            TimeoutError: It was cancelled at its limit.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._due[task] = loop.time() + self._seconds
        if not self._looking:
            self._look_later(loop)
        try:
            return await call
        except asyncio.CancelledError:
            if task in self._expired and task.uncancel() <= 0:
                raise TimeoutError from None
            raise
        finally:
            del self._due[task]
            self._expired.discard(task)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = True
        loop.call_later(self._seconds / LOOK_EVERY, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = False
        now = loop.time()
        for task, due in self._due.items():
            if due <= now and task not in self._expired:
                self._expired.add(task)
                task.cancel()
        if self._due:
            self._look_later(loop)
