"""What is stored of some faxes of one day, found with as few listings as objects need."""

from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from schemas.keys import CLAIMS, DECISION, FAXES, HELD, day_prefix
from services.retention.adapters import Bucket
from services.retention.files import File, Marker


@dataclass
class Remains:
    """All that is stored of one fax, every version.

    Attributes:
        fax_id: Of the fax.
        documents: What it shows, and whatever else lies beside.
        records: Its decision and its claims: what is known of it goes last.
        held: The copies below ``held/``.
    """

    fax_id: UUID
    documents: list[File] = field(default_factory=list)
    records: list[File] = field(default_factory=list)
    held: list[File] = field(default_factory=list)

    @property
    def in_place(self) -> list[File]:
        """All that lies where it was written."""
        return [*self.documents, *self.records]

    @property
    def decision(self) -> str | None:
        """The key of its decision."""
        stored = (*self.records, *self.held)
        return next((file.key for file in stored if file.readable and file.key.endswith(f"/{DECISION}")), None)

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(file.size for file in self.in_place)


async def remains(bucket: Bucket, day: date, fax_ids: Sequence[UUID], *, versions: bool) -> list[Remains]:
    """What is left of each of `fax_ids`, which are of `day`; in their order.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    found = {one: Remains(one) for one in fax_ids}
    async for fax_id, file in _files(bucket, day_prefix(FAXES, day), fax_ids, versions=versions):
        known = found[fax_id]
        (known.records if file.key.endswith(f"/{DECISION}") else known.documents).append(file)
    async for fax_id, file in _files(bucket, day_prefix(CLAIMS, day), fax_ids, versions=versions):
        found[fax_id].records.append(file)
    for root in (FAXES, CLAIMS):
        async for fax_id, file in _files(bucket, HELD + day_prefix(root, day), fax_ids, versions=versions):
            found[fax_id].held.append(file)
    return list(found.values())


async def _files(
    bucket: Bucket, prefix: str, fax_ids: Sequence[UUID], *, versions: bool
) -> AsyncIterator[tuple[UUID, File]]:
    """The objects of `fax_ids` below `prefix`: one listing runs over neighbours and jumps over gaps."""
    wanted = sorted(str(one) for one in fax_ids)
    known = {one: UUID(one) for one in wanted}
    start = Marker(f"{prefix}{wanted[0]}/")
    while True:
        page = await bucket.page(prefix, start, versions=versions)
        for file in page.files:
            if (fax_id := known.get(_folder(file.key, prefix))) is not None:
                yield fax_id, file
        if page.more is None:
            return
        last = _folder(page.more.key, prefix)
        at = bisect_left(wanted, last)
        if at == len(wanted):
            return
        start = page.more if wanted[at] == last else Marker(f"{prefix}{wanted[at]}/")


def _folder(key: str, prefix: str) -> str:
    return key[len(prefix) :].partition("/")[0]
