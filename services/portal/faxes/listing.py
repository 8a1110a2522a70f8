"""One page of a list of faxes: what is asked for, as an address carries it, and the rows that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from urllib.parse import urlencode

from services._runtime.history import Cursor, FaxRow, History, Page, Whose
from services.portal.faxes.access import Viewer, visible
from services.portal.faxes.shelves import Shelf, direction, states

ROWS: Final = 50
"""Of a page."""
FETCHES: Final = 10
"""Pages of the history read for one page at most, where its viewer doesn't see some rows: those of a domain from when
it was another reseller's."""
TRAIL: Final = 20
"""So many pages back an address remembers; before them it leads to the newest."""
YEARS: Final = range(1970, 9999)
"""In which somebody may look; in any zone and with a day or month more they are moments still."""


@dataclass(frozen=True)
class Asked:
    """What somebody asks a list for; each may be empty.

    Attributes:
        shelf: Which list.
        group: One of its groups of states.
        number: Digits that the other party's number ends in.
        since: The first day.
        until: The last day.
        account: The id of a fax account.
        domain: A domain's name.
        after: The last fax of the page before this one.
        trail: `after` of the pages before, the latest last.
    """

    shelf: Shelf
    group: str = ""
    number: str = ""
    since: date | None = None
    until: date | None = None
    account: str = ""
    domain: str = ""
    after: Cursor | None = None
    trail: tuple[str, ...] = ()

    @classmethod
    def of(cls, shelf: Shelf, typed: Mapping[str, str]) -> "Asked":
        """As an address asks; what can't be read counts as not asked."""
        return cls(
            shelf,
            group=typed.get("state", ""),
            number=typed.get("number", "").strip()[:40],
            since=_day(typed.get("from", "")),
            until=_day(typed.get("to", "")),
            account=typed.get("account", ""),
            domain=typed.get("domain", ""),
            after=_cursor(typed.get("after", "")),
            trail=tuple(one for one in typed.get("trail", "").split(".") if _cursor(one))[-TRAIL:],
        )

    @property
    def filtered(self) -> bool:
        """Whether less than the whole list is asked for."""
        return bool(self.group or self.number or self.since or self.until or self.account or self.domain)

    def query(self) -> str:
        """As part of an address."""
        said = {
            "state": self.group,
            "number": self.number,
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
            "account": self.account,
            "domain": self.domain,
            "after": str(self.after) if self.after else "",
            "trail": ".".join(self.trail),
        }
        return urlencode({name: value for name, value in said.items() if value})

    def older(self, after: Cursor) -> "Asked":
        """The next page."""
        here = (str(self.after),) if self.after else ()
        return replace(self, after=after, trail=(*self.trail, *here)[-TRAIL:])

    def newer(self) -> "Asked":
        """The page before: where this one was come to from, or the first."""
        last = self.trail[-1] if self.trail else ""
        return replace(self, after=_cursor(last), trail=self.trail[:-1])

    def newest(self) -> "Asked":
        """The first page."""
        return replace(self, after=None, trail=())

    def begins(self, zone: tzinfo) -> datetime | None:
        """The first instant that is asked for, where a day is one of `zone`."""
        return datetime.combine(self.since, time.min, zone) if self.since else None

    def ends(self, zone: tzinfo) -> datetime | None:
        """The instant after the last."""
        return datetime.combine(self.until + timedelta(days=1), time.min, zone) if self.until else None


async def listed(history: History, viewer: Viewer, whose: Whose, asked: Asked, zone: tzinfo = UTC) -> Page:
    """The rows of a page that `viewer` sees, newest first.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    rows: list[FaxRow] = []
    after = asked.after
    for _ in range(FETCHES):
        page = await _fetched(history, whose, asked, after, zone)
        rows += [row for row in page.rows if visible(viewer, row).row]
        after = page.next
        if after is None or len(rows) >= ROWS:
            break
    if len(rows) <= ROWS:
        return Page(rows, after)
    last = rows[ROWS - 1]
    return Page(rows[:ROWS], Cursor(last.accepted_at, last.fax_id))


async def _fetched(history: History, whose: Whose, asked: Asked, after: Cursor | None, zone: tzinfo) -> Page:
    return await history.faxes(
        whose,
        direction=direction(asked.shelf),
        states=states(asked.shelf, asked.group),
        since=asked.begins(zone),
        until=asked.ends(zone),
        number=asked.number or None,
        after=after,
        limit=ROWS,
    )


def _cursor(text: str) -> Cursor | None:
    try:
        return Cursor.read(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None
