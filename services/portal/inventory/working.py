"""Does the jobs: one at a time in each portal process, and what a killed process left.

Who works on a job holds a lease, renewed while it works. The last thing a job's transaction writes is its result, on
condition that the lease is still the same: a job that two work on is committed once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, or_, select, update

from services._runtime.database import reading, transaction
from services._runtime.outcomes import DependencyAway
from services._runtime.translating import N_
from services.portal.inventory.actors import NotAllowed, NotThere
from services.portal.inventory.files import Progress
from services.portal.inventory.jobs import Job, JobResult, Jobs, Kind, job_of
from services.portal.inventory.store import Change, Store
from services.portal.inventory.tables import JOBS

LEASE: Final = timedelta(seconds=15)
"""After that long without a word, somebody else takes a job up. SQLite can't renew it while the job writes; then
nobody else can write either."""

BEAT_SECONDS: Final = 0.5
"""Between two reports of progress, each of which renews the lease."""

IDLE_SECONDS: Final = 2.0
"""How often to look by oneself; `Jobs.asked` makes it look at once."""

KEPT: Final = timedelta(days=7)
"""How long a result can be looked at: files hold names and emails."""

PATIENCE: Final = timedelta(hours=1)
"""How long a job is tried again while the database is away."""

SORRY: Final = N_("Something went wrong on our side, and nothing was changed. Try it once more.")
AWAY: Final = N_(
    "The database did not answer in time, so nothing was changed. Try it again, with fewer rows at a time."
)
OUT_OF_REACH: Final = N_(
    "Something that this needs isn't there any more, or isn't yours any more. Nothing was changed."
)

Finish = Callable[[Change, JobResult], Awaitable[None]]
"""Writes a job's result, in the transaction of what it tells of."""

Work = Callable[[Job, Progress, Finish], Awaitable[JobResult]]
"""Tries a job out, or does it and calls `Finish` within its transaction, as the job's mode says."""

log = logging.getLogger(__name__)


class LeaseLost(Exception):  # noqa: N818 - it says what it is
    """Somebody else works on this job now, so what was done here must not count."""


@dataclass
class _Reached:
    """How far it is."""

    done: int = 0
    steps: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, done: int, steps: int) -> None:
        self.done, self.steps = done, steps


@dataclass(frozen=True)
class Worker:
    """Works until it is cancelled."""

    jobs: Jobs
    kinds: Mapping[Kind, Work]
    beat_seconds: float = BEAT_SECONDS
    _looked: list[datetime] = field(default_factory=list)

    async def run(self) -> None:
        """Do whatever is asked for."""
        while True:
            try:
                await self._tidy()
                while await self.step():
                    pass
            except DependencyAway as error:
                log.warning("jobs wait", extra={"reason": error.dependency})
            await _within(IDLE_SECONDS, self.jobs.asked)
            self.jobs.asked.clear()

    async def step(self) -> bool:
        """Do one job; whether there was one.

        Raises:
            DependencyAway: The database doesn't answer. The job is taken up again when its lease has ended.
        """
        lease = str(uuid4())
        job = await self._claim(lease)
        if job is None:
            return False
        reached = _Reached(steps=job.steps)
        beating = asyncio.create_task(self._beat(lease, reached))
        try:
            await self._do(job, lease, reached)
        finally:
            reached.over.set()
            await beating
        return True

    async def _do(self, job: Job, lease: str, reached: _Reached) -> None:
        async def finish(change: Change, result: JobResult) -> None:
            await _write(change.connection, lease, _over("done", result))

        try:
            result = await self.kinds[job.kind](job, reached.tell, finish)
            if job.mode == "dry-run":
                await self._save(lease, "tried", result)
        except LeaseLost:
            log.warning("job taken over", extra={"job": job.job_id})
        except (NotAllowed, NotThere):
            await self._save(lease, "failed", JobResult(problem=OUT_OF_REACH))
        except DependencyAway:
            if self._store.now() - job.asked_at < PATIENCE:
                raise
            await self._save(lease, "failed", JobResult(problem=AWAY))
        except Exception:
            log.exception("job failed", extra={"job": job.job_id, "kind": job.kind})
            await self._save(lease, "failed", JobResult(problem=SORRY))

    async def _claim(self, lease: str) -> Job | None:
        """The oldest job that waits or was left, now ours."""
        now = self._store.now()
        left = (JOBS.c.state == "running") & (JOBS.c.lease_until < now)
        oldest = select(JOBS.c.job_id).where(or_(JOBS.c.state == "waiting", left)).order_by(JOBS.c.asked_at).limit(1)
        ours = {"state": "running", "lease": lease, "lease_until": now + LEASE, "done": 0}
        async with reading(self._store.engine) as connection:  # mostly there is none, which needs no lock
            if await connection.scalar(oldest) is None:
                return None
        async with transaction(self._store.engine) as connection:
            job_id = await connection.scalar(oldest.with_for_update(skip_locked=True))
            if job_id is None:
                return None
            taken = update(JOBS).where(JOBS.c.job_id == job_id).values(ours).returning(*JOBS.c)
            return job_of((await connection.execute(taken)).one())

    async def _beat(self, lease: str, reached: _Reached) -> None:
        """Tell how far it is, and that somebody works on it, whenever the database can be asked."""
        while not await _within(self.beat_seconds, reached.over):
            so_far = {"done": reached.done, "steps": reached.steps, "lease_until": self._store.now() + LEASE}
            with contextlib.suppress(DependencyAway, LeaseLost):
                async with transaction(self._store.engine) as connection:
                    await _write(connection, lease, so_far)

    async def _save(self, lease: str, state: str, result: JobResult) -> None:
        with contextlib.suppress(LeaseLost):
            async with transaction(self._store.engine) as connection:
                await _write(connection, lease, _over(state, result))

    async def _tidy(self) -> None:
        """Forget old jobs, once an hour."""
        now = self._store.now()
        if self._looked and now - self._looked[-1] < timedelta(hours=1):
            return
        async with transaction(self._store.engine) as connection:
            await connection.execute(delete(JOBS).where(JOBS.c.asked_at < now - KEPT))
        self._looked[:] = [now]

    @property
    def _store(self) -> Store:
        return self.jobs.store


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for `event`, so long at most; whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _over(state: str, result: JobResult) -> dict[str, Any]:
    return {"state": state, "result": result.model_dump_json(), "lease": None, "lease_until": None}


async def _write(connection: Any, lease: str, values: Mapping[str, Any]) -> None:
    """Write to the job whose lease this is.

    Raises:
        LeaseLost: There is none any more.
    """
    held: ColumnElement[bool] = JOBS.c.lease == lease
    if not (await connection.execute(update(JOBS).where(held).values(values))).rowcount:
        raise LeaseLost
