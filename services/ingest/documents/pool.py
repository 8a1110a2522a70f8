"""Warm worker processes that convert documents, and cannot hurt the process that asks them to.

A document is hostile until it is converted. A worker has little memory, no secrets and a time limit for each document;
one that crashes or hangs is replaced, and the next document never notices. Workers are forked from a server process
that never had a thread or a connection of ours.
"""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import TimeoutError as ConversionTimeout
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, ParamSpec, Self, TypeVar

from pebble import ProcessPool

from services.ingest.documents.confinement import allow_cpu, confine
from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.unreadable import UnreadableDocument

TIMEOUT_SECONDS: Final = 30.0
"""Time for one document. 350 dense pages, each coded anew, take about 4 s of one core."""
DOCUMENTS_A_WORKER: Final = 200
"""A worker is replaced after so many documents, so that nothing it leaks adds up."""

_SENDING: Final = "services.ingest.documents.sending"
"""Loaded once, before workers are forked, though nothing here calls it: it takes a second."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class DocumentPool:
    """Converts received documents in guarded worker processes.

    Usage::

        async with DocumentPool(workers=2) as pool:
            converted = await pool.convert(data, pages_announced=3)

    Args:
        workers: processes, at most so many documents at a time.
        timeout: seconds for one document; a worker that takes longer is killed.
    """

    def __init__(self, *, workers: int = 2, timeout: float = TIMEOUT_SECONDS) -> None:
        self._workers = workers
        self._timeout = timeout
        self._pool: ProcessPool | None = self._opened()

    async def convert(self, data: bytes, pages_announced: int | None, bad_rows_reported: int = 0) -> Converted:
        """Convert a received fax.

        Args:
            data: the TIFF file as it was received.
            pages_announced: pages the sender announced or telephony counted; None if nobody did.
            bad_rows_reported: damaged rows of all pages that the call's result counts.

        Raises:
            UnreadableDocument: nothing of it can be delivered, or the worker crashed or ran out of time or memory.
        """
        return await self.run(convert_received, data, pages_announced, bad_rows_reported)

    async def run(self, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run any function of a module in a worker, under the same guard.

        Raises:
            UnreadableDocument: the function raised it, or "conversion-crashed" or "conversion-timeout".
            BrokenProcessPool: no worker can be started, or the pool is closed; this says nothing of the document.
        """
        pool = self._pool
        try:
            return await self._attempt(pool, job, *args, **kwargs)
        except BrokenProcessPool:  # pebble gives up when a worker is killed that has nothing to do
            return await self._attempt(self._instead_of(pool), job, *args, **kwargs)

    async def _attempt(
        self, pool: ProcessPool | None, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        if pool is None:
            raise BrokenProcessPool("closed")
        try:
            task = pool.schedule(_limited, args=[self._timeout, job, *args], kwargs=kwargs, timeout=self._timeout)
        except RuntimeError as error:
            raise BrokenProcessPool from error
        try:
            result: _R = await asyncio.wrap_future(task)
        except ConversionTimeout:
            raise UnreadableDocument("conversion-timeout") from None
        except (BrokenProcessPool, UnreadableDocument):
            raise
        except Exception as error:  # a dead worker, no memory left, a fault of ours: it ends this document
            raise UnreadableDocument("conversion-crashed") from error
        return result

    async def warm(self) -> None:
        """Start the workers, so that the first document need not wait for them."""
        await self.run(int)

    def close(self) -> None:
        """End the workers, also those that are converting."""
        pool, self._pool = self._pool, None
        if pool is not None:
            _end(pool)

    def _opened(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, _SENDING])
        return ProcessPool(
            max_workers=self._workers, max_tasks=DOCUMENTS_A_WORKER, initializer=confine, context=context
        )

    def _instead_of(self, broken: ProcessPool | None) -> ProcessPool | None:
        """Give the pool that replaces a broken one; the first document that notices opens it."""
        if broken is not None and self._pool is broken:
            self._pool = self._opened()
            _end(broken)
        return self._pool

    async def __aenter__(self) -> Self:
        await self.warm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _limited(seconds: float, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    allow_cpu(int(seconds) + 1)
    return job(*args, **kwargs)
