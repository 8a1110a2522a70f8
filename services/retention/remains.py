"""What is stored of some faxes of one day, found with as few listings as objects need."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from uuid import UUID

from schemas.keys import CLAIMS, DECISION, FAXES, HELD, RELEASE, day_prefix
from services.retention.adapters import Bucket
from services.retention.files import File, Marker

USUAL = {FAXES: 6, CLAIMS: 2}
"""Objects of a fax below each prefix, rather more than less: a second page costs more than a few objects too many."""

LEAST = 50

DECISIONS = (f"/{DECISION}", f"/{RELEASE}")


@dataclass
class Remains:
    """All that is stored of one fax, every version.

    Attributes:
        fax_id: Of the fax.
        documents: What it shows, and whatever else lies beside.
        records: Its decisions and its claims: what is known of it goes last.
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
    def stored(self) -> bool:
        """Whether anything is, wherever."""
        return bool(self.documents or self.records or self.held)

    @property
    def decision(self) -> str | None:
        """The key of its decision."""
        return self._readable(DECISION)

    @property
    def release(self) -> str | None:
        """The key of the decision by which it was released, if it was."""
        return self._readable(RELEASE)

    def _readable(self, name: str) -> str | None:
        stored = (*self.records, *self.held)
        return next((file.key for file in stored if file.readable and file.key.endswith(f"/{name}")), None)

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
    listings = (
        _files(bucket, above + day_prefix(root, day), fax_ids, versions=versions, usual=usual)
        for above in ("", HELD)
        for root, usual in USUAL.items()
    )
    documents, claims, *held = await asyncio.gather(*(_all(one) for one in listings))
    for fax_id, file in documents:
        known = found[fax_id]
        (known.records if file.key.endswith(DECISIONS) else known.documents).append(file)
    for fax_id, file in claims:
        found[fax_id].records.append(file)
    for fax_id, file in chain.from_iterable(held):
        found[fax_id].held.append(file)
    return list(found.values())


async def _all(files: AsyncIterator[tuple[UUID, File]]) -> list[tuple[UUID, File]]:
    return [one async for one in files]


async def _files(
    bucket: Bucket, prefix: str, fax_ids: Sequence[UUID], *, versions: bool, usual: int
) -> AsyncIterator[tuple[UUID, File]]:
    """The objects of `fax_ids` below `prefix`: one listing runs over neighbours and jumps over gaps.

    It asks for about as many objects as the faxes that are left have, not for others' that would only be read over.
    """
    wanted = sorted(str(one) for one in fax_ids)
    known = {one: UUID(one) for one in wanted}
    start, at = Marker(f"{prefix}{wanted[0]}/"), 0
    while True:
        page = await bucket.page(prefix, start, versions=versions, most=max(LEAST, usual * (len(wanted) - at)))
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
