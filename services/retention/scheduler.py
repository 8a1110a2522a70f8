"""Once a day, by whichever process comes first: verify, abort unfinished uploads, publish the tasks that are due.

Every hour, in each process: uploads that no event told of become faxes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from schemas.base import Event
from schemas.keys import INCOMING
from services._runtime.claims import Claims, Held
from services._runtime.retention_report import RetentionReport, write_report
from services.retention.adapters import Bucket
from services.retention.domain import Now, earliest, latest_slot
from services.retention.files import File, batches
from services.retention.findings import Findings
from services.retention.incoming import Uploads, stranded
from services.retention.planning import Planner
from services.retention.telling import Told
from services.retention.verify import Verification

OWN = "retention/"
PLANS = f"{OWN}plans/"
NOTES = timedelta(days=7)
GRACE = timedelta(days=1)
"""What was due for less is this day's work, which the verification before it doesn't miss yet."""

log = logging.getLogger(__name__)


class Publishes(Protocol):
    """Publishes events and waits until they are safe."""

    async def publish_events(self, events: Sequence[Event]) -> None:
        """Return when each is confirmed."""


@dataclass(frozen=True)
class Scheduler:
    """Plans each day at `hour` (UTC), or as soon as a process runs after it.

    A claim for each day keeps the others from doing the same; a process that dies before its tasks are confirmed
    leaves a lease that ends. Days are found from what is stored, so an outage of any length is caught up with.

    While `ingest_is_behind`, an upload's event may still wait in its topic: then there is only the alarm.
    """

    bucket: Bucket
    planner: Planner
    claims: Claims
    publisher: Publishes
    verification: Verification | None
    uploads: Uploads
    told: Told
    hour: int
    now: Now
    ingest_is_behind: Callable[[], Awaitable[bool]]

    async def run(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Do what is to be done, `wait`, and so on; an error is logged and met again after the next wait."""
        watched: datetime | None = None
        while True:
            try:
                await self.plan_once()
                if watched is None or self.now() - watched >= timedelta(hours=1):
                    await self.watch_uploads()
                    watched = self.now()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the store or Kafka is away, and comes back
                log.exception("not planned", extra={"reason": type(error).__name__})
            await wait()

    async def plan_once(self) -> int | None:
        """Plan the newest slot unless it is planned; the number of tasks, or None.

        Raises:
            DependencyAway: The store doesn't answer.
            PublishUnknown: Kafka doesn't confirm.
        """
        slot = latest_slot(self.now(), self.hour)
        claim = await self.claims.take(f"{PLANS}{slot:%Y-%m-%d}/")
        if not isinstance(claim, Held):
            return None
        findings = await self._verify()
        tasks = await self.plan()
        await claim.complete({"tasks": str(tasks)})
        await self._tidy()
        await write_report(self.uploads.blobs, report_of(findings, tasks, self.now()))
        await self._strand_older()
        return tasks

    async def plan(self) -> int:
        """Publish every task that is due now; how many."""
        now = earliest(self.now(), await self.bucket.clock())
        aborted = await self.planner.abort_unfinished(now)
        tasks = await self.planner.tasks(now)
        for some in batches(tasks, 100):
            await self.publisher.publish_events(some)
        log.info("planned", extra={"tasks": len(tasks), "unfinished_uploads_aborted": aborted})
        return len(tasks)

    async def watch_uploads(self) -> None:
        """Raise the alarm for uploads that no event told of within an hour, and make faxes of them."""
        today = self.now().date()
        waiting = [file for ago in (1, 0) for file in await self.uploads.waiting(today - timedelta(days=ago))]
        self.told.waiting(len(waiting))
        await self._strand(waiting)

    async def _strand_older(self) -> None:
        """The same for all that lies there, in case nobody watched for days."""
        for day in await self.planner.days(INCOMING, self.now().date() - timedelta(days=2)):
            await self._strand(await self.uploads.waiting(day))

    async def _strand(self, waiting: Sequence[File]) -> None:
        """Have the document worker take them. A repeat names the same faxes, until they are taken."""
        if not waiting:
            return
        behind = await self.ingest_is_behind()
        keys = [file.key for file in waiting[:5]]
        log.error("uploads without a fax", extra={"uploads": len(waiting), "keys": keys, "ingest_is_behind": behind})
        for some in batches(stranded(waiting) if not behind else [], 100):
            await self.publisher.publish_events(some)

    async def _verify(self) -> Findings | None:
        if self.verification is None:
            return None
        findings = await self.verification.run(GRACE)
        self.told.verified(findings, self.now().timestamp())
        if findings.off:
            log.error("retention is off", extra=findings.line())
        return findings

    async def _tidy(self) -> None:
        """Claims on plans and moves are notes of our own; after a week nobody asks for them."""
        oldest = self.now() - NOTES
        async for files in self.bucket.objects(OWN, versions=await self.bucket.versioned()):
            await self.bucket.delete([file for file in files if file.modified and file.modified < oldest])


def report_of(findings: Findings | None, tasks: int, at: datetime) -> RetentionReport:
    """What a day's planning found and did."""
    if findings is None:
        return RetentionReport(at=at, tasks=tasks)
    return RetentionReport(
        at=at,
        tasks=tasks,
        verified=True,
        off=findings.off,
        counts=findings.counts,
        examples=tuple(findings.examples),
    )
