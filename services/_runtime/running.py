"""What is started and stopped, or done meanwhile, as a block."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar


class Startable(Protocol):
    """A publisher, a table: something that a process has while it works."""

    async def start(self) -> None:
        """Connect; whatever fails, nothing is left half open."""

    async def stop(self) -> None:
        """Disconnect."""


T = TypeVar("T", bound=Startable)


@asynccontextmanager
async def running(one: T) -> AsyncIterator[T]:
    """`one`, started, until the block ends."""
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """`work`, done while the block lasts and cancelled with it; what it raises is for itself to tell."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
