"""Warm worker processes that read documents, and cannot hurt the process that asks them to.

A document is hostile until it is converted. A worker has little memory, no secrets and a time limit for each job; one
that crashes or hangs is replaced, and the next job never notices. Workers are forked from a server process that never
had a thread or a connection of ours.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as JobTimeout
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, Literal, ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from services._runtime.confined.confinement import allow_cpu, confine

JOBS_A_WORKER: Final = 200
"""A worker is replaced after so many jobs, so that nothing it leaks adds up."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class JobFailed(Exception):  # noqa: N818 - it says what happened
    """A job gave no answer: it ran out of time, or crashed, or ran out of memory.

    Attributes:
        reason: Which of them; memory counts as a crash.
    """

    def __init__(self, reason: Literal["timeout", "crashed"]) -> None:
        super().__init__(reason)
        self.reason = reason


class ConfinedPool:
    """Runs functions of modules in guarded worker processes.

    Usage::

        async with ConfinedPool(workers=2, timeout=30, preload=["package.module"]) as pool:
            answer = await pool.run(function, data)

    Args:
        workers: processes, at most so many jobs at a time.
        timeout: seconds of CPU for one job; a worker that takes more is killed.
        patience: how many times as long it may take by the clock, on a machine that has other work.
        preload: modules to load once, before workers are forked. A process has one server that forks, so the pool
            that is opened first decides.
        answers: exceptions of a job that are its answer, raised as they are.
    """

    def __init__(
        self,
        *,
        workers: int,
        timeout: float,
        patience: float = 1.0,
        preload: Sequence[str] = (),
        answers: tuple[type[Exception], ...] = (),
    ) -> None:
        self._workers = workers
        self._timeout = timeout
        self._patience = patience
        self._preload = preload
        self._answers = answers
        self._pool: ProcessPool | None = self._opened()

    async def run(self, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run any function of a module in a worker.

        Raises:
            JobFailed: It gave no answer.
            BrokenProcessPool: No worker can be started, or the pool is closed; this says nothing of the job.
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
            longest = self._timeout * self._patience
            task = pool.schedule(_limited, args=[self._timeout, job, *args], kwargs=kwargs, timeout=longest)
        except RuntimeError as error:
            raise BrokenProcessPool from error
        try:
            result: _R = await asyncio.wrap_future(task)
        except JobTimeout:
            raise JobFailed("timeout") from None
        except BrokenProcessPool:
            raise
        except Exception as error:  # a dead worker, no memory left, a fault of ours: it ends this job
            if isinstance(error, self._answers):
                raise
            if isinstance(error, ProcessExpired) and error.exitcode == -signal.SIGXCPU:
                raise JobFailed("timeout") from None
            raise JobFailed("crashed") from error
        return result

    async def warm(self) -> None:
        """Start the workers, so that the first job need not wait for them."""
        await self.run(int)

    def close(self) -> None:
        """End the workers, also those that are at work."""
        pool, self._pool = self._pool, None
        if pool is not None:
            _end(pool)

    def _opened(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *self._preload])
        return ProcessPool(max_workers=self._workers, max_tasks=JOBS_A_WORKER, initializer=confine, context=context)

    def _instead_of(self, broken: ProcessPool | None) -> ProcessPool | None:
        """Give the pool that replaces a broken one; the first job that notices opens it."""
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
