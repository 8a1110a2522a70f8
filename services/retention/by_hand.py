"""A whole sweep in one process, for a person who watches: the stage's parts, without tasks on a topic."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

from schemas.base import Event
from schemas.retention import LONGEST
from services.retention.domain import Now, earliest
from services.retention.incoming import Uploads
from services.retention.planning import Planner
from services.retention.sweep import Candidate, Sweep

AT_ONCE = 250

Publish = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass
class Report:
    """What a sweep did, or in a dry run would do.

    Attributes:
        dry_run: Whether it only looked.
        days: Days it went through.
        faxes: Faxes that are gone.
        objects: Their objects.
        size: Their bytes.
        moved: Faxes moved below ``held/`` or back.
        kept: Faxes it looked at that stay.
        uploads: Telephony's uploads that are gone.
        unfinished_uploads: Uploads in pieces that were aborted.
        refused: Keys that the store won't delete.
        seconds: How long it took.
    """

    dry_run: bool
    days: int = 0
    faxes: int = 0
    objects: int = 0
    size: int = 0
    moved: int = 0
    kept: int = 0
    uploads: int = 0
    unfinished_uploads: int = 0
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> dict[str, object]:
        """For a script."""
        return asdict(self) | {"ok": not self.refused}


@dataclass(frozen=True)
class Run:
    """One sweep over every day that has something due."""

    sweep: Sweep
    uploads: Uploads
    planner: Planner
    publish: Publish
    now: Now

    async def count(self) -> tuple[datetime, dict[date, int]]:
        """The bound, and for each day how many faxes there are to look at.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        now = earliest(self.now(), await self.planner.bucket.clock())
        days = [task.day for task in await self.planner.tasks(now)]
        bound = now - LONGEST
        return bound, {day: len(await self.sweep.faxes(day, bound, None, 1_000_000_000)) for day in days}

    async def go(self, bound: datetime, days: dict[date, int], *, dry_run: bool, told: Callable[[int], None]) -> Report:
        """Sweep `days`; `told` hears of every few faxes that are through, and tombstones are published as they come.

        Raises:
            DependencyAway: The store doesn't answer or holds can't be known; what is done stays done.
        """
        report, began = Report(dry_run), time.monotonic()
        await self.sweep.holds.read_to_end()
        unfinished = self.planner.count_unfinished if dry_run else self.planner.abort_unfinished
        report.unfinished_uploads = await unfinished(bound + LONGEST)
        for day in days:
            report.days += 1
            report.uploads += await (self.uploads.due if dry_run else self.uploads.sweep)(day)
            async for fax_ids in self._faxes(day, bound):
                found = await self.sweep.look(day, fax_ids, bound)
                await (self._count(found, report) if dry_run else self._carry_out(found, day, report))
                told(len(fax_ids))
        report.seconds = round(time.monotonic() - began, 3)
        return report

    async def _faxes(self, day: date, bound: datetime) -> AsyncIterator[list[UUID]]:
        after: UUID | None = None
        while fax_ids := await self.sweep.faxes(day, bound, after, AT_ONCE):
            yield fax_ids
            after = fax_ids[-1]

    async def _count(self, found: Sequence[Candidate], report: Report) -> None:
        for one in found:
            match self.sweep.verdict(one):
                case "expire" if one.remains.in_place:
                    report.faxes += 1
                    report.objects += len(one.remains.in_place)
                    report.size += one.remains.size
                case "hold" | "restore":
                    report.moved += 1
                case "keep":
                    report.kept += 1

    async def _carry_out(self, found: Sequence[Candidate], day: date, report: Report) -> None:
        swept = await self.sweep.carry_out(found, day)
        await self.publish(swept.expired)
        real = [event for event in swept.expired if event.objects]
        report.faxes += len(real)
        report.objects += sum(event.objects for event in real)
        report.size += sum(event.size for event in real)
        report.moved += swept.moved
        report.kept += len(found) - len(swept.expired) - swept.moved - len(swept.refused) - len(swept.unfinished)
        report.refused += [key for keys in swept.refused.values() for key in keys]
        if swept.away is not None:
            raise swept.away
