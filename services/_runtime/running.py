"""What is started and stopped, as a block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar


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
