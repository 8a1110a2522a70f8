"""Questions about somebody's faxes, as SQL that SQLite and PostgreSQL answer from ranges of an index.

Each kind of filter has its index and its own branch of a UNION, so that no planner has to guess how rare a state is.
Nothing that a person wrote is in the text: values are ``{}``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Final, get_args

from schemas.fax import FaxState
from services._runtime.history.driver import Value
from services._runtime.history.rows import Cursor, Direction, FaxRow, Whose

COLUMNS: Final = ", ".join(FaxRow.__dataclass_fields__)

TOGETHER: Final = 100
"""Branches of one UNION: SQLite takes 500 at most (sqlite.org/limits.html); more are a UNION of such UNIONs."""


@dataclass(frozen=True)
class Filter:
    """Which of somebody's faxes; None and empty mean any. Accepted at `since` or later, and before `until`."""

    direction: Direction | None = None
    states: Sequence[FaxState] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Question:
    """A query and its values."""

    text: str
    values: tuple[Value, ...] = ()

    def where(self, condition: str, *values: Value | None) -> "Question":
        """Ask for `condition` too, unless its value is None."""
        if None in values:
            return self
        given = tuple(value for value in values if value is not None)
        return replace(self, text=f"{self.text} AND {condition}", values=(*self.values, *given))

    def newest(self, rows: int) -> "Question":
        """At most so many, the newest first."""
        return replace(self, text=f"{self.text} ORDER BY accepted_at DESC, fax_id DESC LIMIT {rows:d}")


def of_fax(column: str, fax_id: Value) -> Question:
    """One fax's row, or its steps' events in order."""
    if column == "event":
        return Question("SELECT event FROM steps WHERE fax_id = {} ORDER BY version, at", (fax_id,))
    return Question(f"SELECT {COLUMNS} FROM faxes WHERE fax_id = {{}}", (fax_id,))  # noqa: S608 - our own names


def filtered(whose: Whose, wanted: Filter, after: Cursor | None, rows: int) -> Question | None:
    """The newest faxes after `after`; None: it can be none."""
    branches = [_within(one, wanted, after).newest(rows) for of in _of(whose) for one in _branches(of, wanted)]
    return _united(branches, rows)


def ending_in(whose: Whose, digits: str, after: Cursor | None, rows: int) -> Question | None:
    """The newest faxes whose other party ends in `digits`, which are given last first; None: it can be none.

    The range is found first, whatever the planner thinks of it: a rare number in a large account is rare.
    """
    branches = [_within(_found_first(of, digits), Filter(), after).newest(rows) for of in _of(whose)]
    return _united(branches, rows)


def _found_first(of: Question, digits: str) -> Question:
    found = of.where("other_digits >= {}", digits).where("other_digits < {}", digits + ":")  # after "9"
    text = f"WITH found AS MATERIALIZED ({found.text}) SELECT * FROM found WHERE TRUE"  # noqa: S608 - no value in it
    return replace(found, text=text)


def _of(whose: Whose) -> Sequence[Question]:
    """All faxes, by each key."""
    return [
        Question(f"SELECT {COLUMNS} FROM faxes WHERE {column} = {{}}", (value,))  # noqa: S608 - our own names
        for column, value in whose.keys
    ]


def _branches(of: Question, wanted: Filter) -> Iterator[Question]:
    if not wanted.states:
        yield of.where("direction = {}", wanted.direction)
        return
    directions = (wanted.direction,) if wanted.direction else get_args(Direction)
    for state, direction in product(dict.fromkeys(wanted.states), directions):
        yield of.where("state = {}", state).where("direction = {}", direction)


def _within(question: Question, wanted: Filter, after: Cursor | None) -> Question:
    within = question.where("accepted_at >= {}", wanted.since).where("accepted_at < {}", wanted.until)
    if after is None:
        return within
    return within.where("(accepted_at, fax_id) < ({}, {})", after.accepted_at, after.fax_id)


def _united(branches: Sequence[Question], rows: int) -> Question | None:
    """The newest of all branches, none of which has a fax of another."""
    while len(branches) > 1:
        branches = [one.newest(rows) for one in _together(branches)]
    return branches[0] if branches else None


def union(branches: Sequence[Question]) -> Question:
    """All that the branches find; at least one."""
    while len(branches) > 1:
        branches = _together(branches)
    return branches[0]


def _together(branches: Sequence[Question]) -> Sequence[Question]:
    return [_union(branches[first : first + TOGETHER]) for first in range(0, len(branches), TOGETHER)]


def _union(branches: Sequence[Question]) -> Question:
    parts = (f"SELECT * FROM ({one.text}) AS branch{number}" for number, one in enumerate(branches))  # noqa: S608
    return Question(" UNION ALL ".join(parts), tuple(value for one in branches for value in one.values))
