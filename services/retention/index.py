"""Which faxes are stored, in 12 bytes a fax: millions fit in memory."""

from array import array
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

BITS = 64


class FaxIndex:
    """Days of faxes by the first 64 bits of their ids, random enough (UUIDv5) to tell millions of faxes apart."""

    def __init__(self) -> None:
        self._ids = array("Q")
        self._days = array("i")
        self._sorted: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._seen: NDArray[np.bool_] = np.empty(0, np.bool_)

    def add(self, fax_id: UUID, day: date) -> None:
        """A fax of `day` is stored."""
        self._ids.append(_short(fax_id))
        self._days.append(day.toordinal())

    def close(self) -> None:
        """All are added; now they can be asked for."""
        ids = np.frombuffer(self._ids, np.uint64)
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]
        self._seen = np.zeros(len(ids), np.bool_)

    def __len__(self) -> int:
        return len(self._ids)

    def missing(self, fax_ids: Sequence[UUID]) -> list[UUID]:
        """Those of `fax_ids` that are not stored; the others count as asked for."""
        asked = np.array([_short(one) for one in fax_ids], np.uint64)
        first, end = np.searchsorted(self._sorted, asked, "left"), np.searchsorted(self._sorted, asked, "right")
        for start, stop in zip(first, end, strict=True):
            self._seen[start:stop] = True
        return [one for one, start, stop in zip(fax_ids, first, end, strict=True) if start == stop]

    def not_asked_for(self) -> Iterator[tuple[str, date]]:
        """The faxes that were never asked for: how their ids begin, and their days."""
        for at in np.flatnonzero(~self._seen):
            text = str(UUID(int=int(self._sorted[at]) << BITS))
            yield text[:18], date.fromordinal(self._days[int(self._order[at])])


def _short(fax_id: UUID) -> int:
    return fax_id.int >> BITS
