"""The reconciliation: what should be gone and isn't, what should be there and isn't. It changes nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from schemas.keys import ACCEPTED, CLAIMS, FAXES, HELD, INCOMING, day_prefix
from schemas.retention import LONGEST
from services.retention.adapters import Bucket
from services.retention.domain import Now, named, wholly_due
from services.retention.facts import accepted_at
from services.retention.files import File, Marker
from services.retention.findings import Findings
from services.retention.holds import Holds
from services.retention.incoming import Uploads
from services.retention.index import FaxIndex
from services.retention.planning import Planner
from services.retention.sweep import Sweep

AT_ONCE = 250
SETTLED = timedelta(hours=1)
"""A fax younger than this may still be on its way into the store."""


@dataclass(frozen=True)
class Verification:
    """Counts by listing the whole store; memory grows by 12 bytes a fax."""

    bucket: Bucket
    sweep: Sweep
    uploads: Uploads
    planner: Planner
    holds: Holds
    now: Now

    async def run(self, grace: timedelta) -> Findings:
        """Count; what has been due for less than `grace` may still be there.

        Raises:
            DependencyAway: The store doesn't answer, or holds can't be known.
        """
        await self.holds.read_to_end()
        findings = Findings(holds=len(self.holds.held))
        await self._overdue(findings, self.now() - LONGEST - grace)
        findings.faxes = await self._reconcile(findings, "")
        findings.faxes_on_hold = await self._reconcile(findings, HELD)
        await self._uploads(findings)
        return findings

    async def _overdue(self, findings: Findings, bound: datetime) -> None:
        last = bound.date()
        days = {day for root in (FAXES, CLAIMS) for day in await self.planner.days(root, last)}
        for day in sorted(days):
            after: UUID | None = None
            while faxes := await self.sweep.faxes(day, bound, after, AT_ONCE):
                for one in await self.sweep.look(day, faxes, bound):
                    if self.sweep.verdict(one) == "expire" and one.remains.in_place:
                        findings.add("overdue_objects", one.remains.in_place[0].key, len(one.remains.in_place))
                after = faxes[-1]
            if wholly_due(day, bound):
                await self._foreign(findings, day)

    async def _foreign(self, findings: Findings, day: date) -> None:
        """Objects of a day that belong to no fax: the sweep doesn't know whose they are."""
        for prefix in (day_prefix(root, day) for root in (FAXES, CLAIMS)):
            async for files in self.bucket.objects(prefix, versions=await self.bucket.versioned()):
                for file in files:
                    if named(file.key, prefix) is None or "/" not in file.key[len(prefix) :]:
                        findings.add("overdue_objects", file.key)

    async def _index(self, above: str) -> FaxIndex:
        index = FaxIndex()
        for day in await self.planner.days(above + FAXES, date.max):
            prefix = above + day_prefix(FAXES, day)
            for path in await self.bucket.folders(prefix):
                if (fax_id := named(path, prefix)) is not None:
                    index.add(fax_id, day)
        index.close()
        return index

    async def _reconcile(self, findings: Findings, above: str) -> int:
        """Compare acceptances with faxes, both below `above`; the number of acceptances."""
        stored, prefix, records = await self._index(above), above + ACCEPTED, 0
        async for files in self.bucket.objects(prefix, versions=False):
            known = {fax_id: file for file in files if (fax_id := named(file.key, prefix)) is not None}
            records += len(known)
            for fax_id in stored.missing(list(known)):
                if await self._without_objects(above, known[fax_id], fax_id):
                    findings.add("records_without_objects", known[fax_id].key)
        for beginning, day in stored.not_asked_for():
            for key in await self._without_record(above, beginning, day):
                findings.add("objects_without_records", key)
        return records

    async def _without_objects(self, above: str, record: File, fax_id: UUID) -> bool:
        """Look again: the fax may have come or gone since the listing."""
        when = accepted_at(await self.sweep.blobs.get(record.key))
        if when is None or when > self.now() - SETTLED:
            return False
        return not await self._filled(f"{above}{day_prefix(FAXES, when.astimezone(UTC).date())}{fax_id}/")

    async def _without_record(self, above: str, beginning: str, day: date) -> list[str]:
        """Look again at the faxes of `day` whose ids begin so."""
        prefix = above + day_prefix(FAXES, day)
        folders = await self.bucket.folders(f"{prefix}{beginning}")
        found = [(path, named(path, prefix)) for path in folders if await self._filled(path)]
        return [path for path, fax_id in found if await self.sweep.blobs.get(f"{above}{ACCEPTED}{fax_id}") is None]

    async def _filled(self, path: str) -> bool:
        """Whether there is an object; some stores go on listing an emptied folder for a while."""
        return bool((await self.bucket.page(path, Marker(""), versions=False)).files)

    async def _uploads(self, findings: Findings) -> None:
        for day in await self.planner.days(INCOMING, self.now().date()):
            for file in await self.uploads.waiting(day):
                findings.add("uploads_without_fax", file.key)
        async for upload in self.planner.unfinished(self.now()):
            findings.add("uploads_unfinished", upload.key)
