"""Which days have something to do, found from the prefixes that exist: nothing to remember, so nothing to lose."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schemas.keys import CLAIMS, FAXES, HELD, INCOMING
from schemas.retention import LONGEST, RetentionRequested
from services.retention.adapters import Bucket
from services.retention.domain import days_in
from services.retention.files import Upload

UNFINISHED = timedelta(days=1)
"""An upload in pieces that nobody finished within a day never will be."""


@dataclass(frozen=True)
class Planner:
    """Lists the days; `keep_uploads` is how long telephony's uploads stay."""

    bucket: Bucket
    keep_uploads: timedelta

    async def tasks(self, now: datetime) -> list[RetentionRequested]:
        """A task for each day that may have due faxes, faxes on hold, or uploads to look at, oldest first.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        bound = now - LONGEST
        last = {FAXES: bound, CLAIMS: bound, HELD + FAXES: now, HELD + CLAIMS: now, INCOMING: now - self.keep_uploads}
        days = {day for root, until in last.items() for day in await self.days(root, until.date())}
        return [RetentionRequested(day=day, due_before=bound) for day in sorted(days)]

    async def days(self, root: str, last: date) -> list[date]:
        """The days up to `last` of which something lies below `root`, oldest first."""
        paths = [root]
        bound = f"{root}{last:%Y/%m/%d}/"
        for _year_month_day in range(3):
            below = [folder for path in paths for folder in await self.bucket.folders(path)]
            paths = [folder for folder in below if folder <= bound[: len(folder)]]
        return days_in(paths, root)

    async def unfinished(self, now: datetime) -> AsyncIterator[Upload]:
        """Uploads in pieces that were begun more than a day ago, by the store's clock."""
        async for uploads in self.bucket.uploads():
            for upload in uploads:
                if upload.initiated < now - UNFINISHED:
                    yield upload

    async def count_unfinished(self, now: datetime) -> int:
        """How many `abort_unfinished` would throw away."""
        return len([upload async for upload in self.unfinished(now)])

    async def abort_unfinished(self, now: datetime) -> int:
        """Throw those away; how many."""
        stale = [upload async for upload in self.unfinished(now)]
        for upload in stale:
            await self.bucket.abort(upload)
        return len(stale)
