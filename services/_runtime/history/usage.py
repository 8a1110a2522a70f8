"""What faxes came to, month by month: added up from the faxes that are there, and from what those left that are gone.

A month is a branch of a UNION with a range of an index, and so is each account: databases needn't know of months.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from services._runtime.history.asking import Question, union
from services._runtime.history.rows import Direction, Usage, Whose

COUNTED = "direction = 'received' OR state = 'delivered'"
"""The faxes that count as faxes: a fax that couldn't be sent costs only its calls. `counted` says the same of a row."""


def counted(direction: str, state: str) -> bool:
    """Whether a fax counts as one, and its pages: see `Usage`."""
    return direction == "received" or state == "delivered"


def used(whose: Whose, since: datetime, until: datetime) -> Question | None:
    """Sums by domain, account, direction and month, several of each; None: there are none.

    Raises:
        ValueError: `since` or `until` is not the start of a day in UTC: of faxes that are gone only the day is known.
    """
    for moment in (since, until):
        if moment.astimezone(UTC).time() != datetime.min.time():
            raise ValueError(f"usage is told of whole days in UTC, and {moment.isoformat()} is within one")
    branches = [
        branch for month, first, after in _months(since, until) for branch in _of_month(whose, month, first, after)
    ]
    return union(branches) if branches else None


def added_up(rows: Iterable[Sequence[Any]]) -> list[Usage]:
    """The answer to `used`: one for each domain, account, month and direction, in this order."""
    told = sorted((_usage(*row) for row in rows), key=_key)
    return [_sum(list(group)) for _, group in groupby(told, key=_key)]


def _usage(domain: str | None, account_id: str | None, month: str, direction: Direction, *sums: Any) -> Usage:
    """PostgreSQL adds whole numbers up to a decimal."""
    faxes, pages, seconds = sums
    first = date.fromisoformat(month)
    return Usage(domain or None, account_id or None, first, direction, int(faxes), int(pages), float(seconds))


def _months(since: datetime, until: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Each month, and which part of it is asked for."""
    first, end = since.astimezone(UTC), until.astimezone(UTC)
    while first < end:
        month = first.replace(day=1)
        after = min((month + timedelta(days=31)).replace(day=1), end)
        yield f"{month:%Y-%m-%d}", first, after
        first = after


def _of_month(whose: Whose, month: str, first: datetime, after: datetime) -> Iterator[Question]:
    for column, value in whose.keys:
        there = (
            f"SELECT domain, account_id, '{month}' AS month, direction, "  # noqa: S608 - our own names and dates
            f"SUM(CASE WHEN {COUNTED} THEN 1 ELSE 0 END), "
            f"SUM(CASE WHEN {COUNTED} THEN COALESCE(pages, 0) ELSE 0 END), SUM(COALESCE(seconds, 0)) "
            f"FROM faxes WHERE {column} = {{}}"
        )
        gone = (
            f"SELECT domain, account_id, '{month}' AS month, direction, SUM(faxes), SUM(pages), SUM(seconds) "  # noqa: S608
            f"FROM used WHERE {column} = {{}}"
        )
        yield _grouped(Question(there, (value,)).where("accepted_at >= {}", first).where("accepted_at < {}", after))
        yield _grouped(Question(gone, (value,)).where("day >= {}", first.date()).where("day < {}", after.date()))


def _grouped(question: Question) -> Question:
    return replace(question, text=f"{question.text} GROUP BY domain, account_id, direction")


def _key(one: Usage) -> tuple[str, str, date, str]:
    return one.domain or "", one.account_id or "", one.month, one.direction


def _sum(parts: Sequence[Usage]) -> Usage:
    return replace(
        parts[0],
        faxes=sum(one.faxes for one in parts),
        pages=sum(one.pages for one in parts),
        seconds=sum(one.seconds for one in parts),
    )
