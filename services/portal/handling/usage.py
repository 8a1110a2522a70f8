"""Usage: what each fax number's faxes came to, month by month, for a reseller's bill and an office's overview."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services._runtime.history import History, Usage, Whose
from services.portal.faxes.listing import YEARS
from services.portal.inventory import rows
from services.portal.inventory.store import Store
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account

MOST_MONTHS: Final = 36

COLUMNS: Final = (
    "Month",
    "Domain",
    "Fax Number",
    "Primary User",
    "Received Faxes",
    "Received Pages",
    "Sent Faxes",
    "Sent Pages",
    "Call Seconds",
)
"""Of the file."""


@dataclass(frozen=True)
class Sum:
    """Faxes, their pages, and the line time of all calls in seconds."""

    faxes: int = 0
    pages: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.faxes + other.faxes, self.pages + other.pages, self.seconds + other.seconds)


@dataclass(frozen=True)
class UsageLine:
    """One fax number in one month; `number` and `user` are empty where nobody has claimed the faxes.

    A fax belongs to the month of its acceptance, in UTC. Sent faxes count when they are delivered; calls always.
    """

    month: date
    domain: str
    account_id: str | None
    number: str
    user: str
    received: Sum
    sent: Sum

    @property
    def seconds(self) -> int:
        """Line time of all its calls."""
        return round(self.received.seconds + self.sent.seconds)


@dataclass(frozen=True)
class Period:
    """Whole months, the first and the last; both count."""

    first: date
    last: date

    @classmethod
    def of(cls, first: str, last: str, today: date) -> "Period | None":
        """From months as ``2026-11``, empty for this one; None: they can't be read, or are too many."""
        begins, ends = _month(first, today), _month(last, today)
        if begins is None or ends is None or begins > ends:
            return None
        months = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
        return cls(begins, ends) if months <= MOST_MONTHS else None

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        after = (self.last.replace(day=1) + timedelta(days=32)).replace(day=1)
        return datetime(after.year, after.month, 1, tzinfo=UTC)


def _month(written: str, today: date) -> date | None:
    if not written:
        return today.replace(day=1)
    try:
        month = datetime.strptime(written, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return month if month.year in YEARS else None


async def usage(history: History, store: Store, whose: Whose, period: Period) -> Sequence[UsageLine]:
    """A line for each fax number and month, newest month first, then by domain and number.

    Raises:
        DependencyAway: A database doesn't answer.
    """
    told = await history.usage(whose, period.since, period.until)
    return lines(told, await _accounts(store, {one.account_id for one in told if one.account_id is not None}))


def lines(told: Iterable[Usage], accounts: Mapping[str, Account]) -> Sequence[UsageLine]:
    """What the history counted, with the names that the inventory knows."""
    sums: dict[tuple[date, str, str | None], dict[str, Sum]] = {}
    for one in told:
        mine = sums.setdefault((one.month, one.domain or "", one.account_id), {"received": Sum(), "sent": Sum()})
        mine[one.direction] += Sum(one.faxes, one.pages, one.seconds)
    found = [_line(*key, mine["received"], mine["sent"], accounts) for key, mine in sums.items()]
    return sorted(found, key=lambda one: (-one.month.toordinal(), one.domain, one.number, one.account_id or ""))


def _line(
    month: date, domain: str, account_id: str | None, received: Sum, sent: Sum, accounts: Mapping[str, Account]
) -> UsageLine:
    known = accounts.get(account_id or "")
    number, user = (known.number, known.user.name if known.user else "") if known else ("", "")
    return UsageLine(month, domain, account_id, number, user, received, sent)


def total(of: Iterable[UsageLine]) -> tuple[Sum, Sum]:
    """Received and sent, all together."""
    received, sent = Sum(), Sum()
    for one in of:
        received, sent = received + one.received, sent + one.sent
    return received, sent


def row(one: UsageLine) -> Mapping[str, str]:
    """A line of the file."""
    sums = (one.received.faxes, one.received.pages, one.sent.faxes, one.sent.pages, one.seconds)
    return dict(zip(COLUMNS, (f"{one.month:%Y-%m}", one.domain, one.number, one.user, *map(str, sums)), strict=True))


async def _accounts(store: Store, account_ids: Iterable[str]) -> Mapping[str, Account]:
    async def work(connection: AsyncConnection) -> Mapping[str, Account]:
        found: dict[str, Account] = {}
        for part in rows.parts(account_ids):
            theirs = await rows.accounts(connection, ACCOUNTS.c.account_id.in_(part))
            found |= {one.account_id: one for one in theirs}
        return found

    return await store.read(work)
