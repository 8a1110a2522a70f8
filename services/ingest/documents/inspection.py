"""What arrived of a fax, and what is missing of it."""

from dataclasses import dataclass
from typing import Final

from services.ingest.documents.page import Page
from services.ingest.documents.raster import Raster
from services.ingest.documents.unreadable import Reason

MOST_NAMED: Final = 20
"""So many missing things are named one by one, the rest counted: an event must stay under 16 KiB (design §1)."""

_UNREADABLE: Final[dict[Reason, str]] = {
    "page-too-large": "is larger than any fax page",
    "unsupported-coding": "is stored in a form that a fax does not use",
}


@dataclass(frozen=True, slots=True)
class Reported:
    """What the call says of a fax.

    Attributes:
        pages: pages the sender announced or telephony counted, whichever are more; None if neither is known.
        bad_rows: damaged rows the receiver counted; a file written in G4 bears no trace of them.
    """

    pages: int | None = None
    bad_rows: int = 0


@dataclass(frozen=True, slots=True)
class Inspection:
    """What arrived of a fax.

    Attributes:
        pages: pages delivered.
        rows: rows delivered, of all pages.
        bad_rows: damaged rows: those the receiver counted or those found by decoding, whichever are more.
        lost_rows: rows that pages declare and their data has not.
        partial: whether anything is missing.
        missing: what is, for a person: "page 3 of 3 was not received", "page 1: 24 rows damaged", "page 2 ends early".
        transcoded: pages that could not be passed through as they are.
        sender: the sender's number or identification as the receiver wrote it (ImageDescription, tag 270).
    """

    pages: int
    rows: int
    bad_rows: int
    lost_rows: int
    partial: bool
    missing: tuple[str, ...]
    transcoded: int
    sender: str | None


class Inspector:
    """Takes note of a fax page by page, and sums it up.

    Args:
        reported: what the call says of the fax.
        sender: the sender's identification, if the file has one.
    """

    def __init__(self, reported: Reported, sender: str | None) -> None:
        self._reported = reported
        self._sender = sender
        self._missing: list[str] = []
        self._seen = 0
        self._pages = 0
        self._rows = 0
        self._bad_rows = 0
        self._lost_rows = 0
        self._transcoded = 0

    def page(self, page: Page, raster: Raster) -> None:
        """Take note of the next page, which can be read, in part at least."""
        self._seen += 1
        self._pages += 1
        self._rows += len(raster.pixels)
        bad_rows = max(page.bad_rows, raster.bad_rows)
        self._bad_rows += bad_rows
        self._lost_rows += raster.lost_rows
        self._transcoded += not raster.exact
        if bad_rows:
            self._missing.append(f"page {self._seen}: {_rows(bad_rows)} damaged{_together(page)}")
        elif page.damage_reported:
            self._missing.append(f"page {self._seen}: the receiver reports damaged rows")
        if raster.lost_rows:
            there = page.rows - raster.lost_rows
            self._missing.append(f"page {self._seen} ends early, after {there} of {_rows(page.rows)}")

    def unreadable(self, reason: Reason) -> None:
        """Take note of the next page, of which nothing can be read."""
        self._seen += 1
        self._missing.append(f"page {self._seen} {_UNREADABLE.get(reason, 'cannot be read')}")

    def ended(self, *, damaged: bool, pages_stated: int) -> Inspection:
        """Sum up.

        Args:
            damaged: whether the file breaks off or is damaged outside of its pages.
            pages_stated: how many pages the file says it has (PageNumber, tag 297), 0 if it says nothing. It is often
                wrong, and believed only of a damaged file.
        """
        expected = self._reported.pages or (pages_stated if damaged else 0)
        gone = [f"page {n} of {expected} was not received" for n in range(self._seen + 1, expected + 1)]
        if damaged and not gone:
            gone = [f"the file is damaged after page {self._seen}"]
        unseen = self._reported.bad_rows - self._bad_rows
        if unseen > 0:
            gone.append(f"{_rows(unseen)} damaged on the line, by the receiver's count")
        missing = self._missing + gone
        return Inspection(
            pages=self._pages,
            rows=self._rows,
            bad_rows=self._bad_rows + max(0, unseen),
            lost_rows=self._lost_rows,
            partial=bool(missing),
            missing=_shortened(missing),
            transcoded=self._transcoded,
            sender=self._sender,
        )


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _together(page: Page) -> str:
    return f", {page.consecutive_bad_rows} in a row" if page.consecutive_bad_rows > 1 else ""


def _shortened(missing: list[str]) -> tuple[str, ...]:
    if len(missing) <= MOST_NAMED:
        return tuple(missing)
    return (*missing[:MOST_NAMED], f"and {len(missing) - MOST_NAMED} more")
