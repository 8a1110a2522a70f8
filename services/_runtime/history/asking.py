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
    """Which of somebody's faxes; None and empty mean any. Accepted at `since` or later, and before `until`.

    Of `digits` see `services._runtime.history.digits`: how the other party's number begins, read from its end.
    """

    direction: Direction | None = None
    states: Sequence[FaxState] = ()
    since: datetime | None = None
    until: datetime | None = None
    digits: str | None = None


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

    def one_of(self, column: str, values: Sequence[Value]) -> "Question":
        """Ask that `column` has one of `values`, if there are any."""
        marks = ", ".join("{}" for _ in values)
        return self.where(f"{column} IN ({marks})", *values) if values else self

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
    if wanted.digits is not None:
        return _first(rows, [_within(one, wanted, after).newest(rows) for one in _numbered(whose, wanted)])
    branches = list(_branches(whose, wanted))
    if len(branches) == 1:
        return _within(_faxes(COLUMNS, *branches[0]), wanted, after).newest(rows)
    return _first(rows, [_within(_faxes(_KEY, *one), wanted, after).newest(rows) for one in branches])


Condition = tuple[str, Value]
"""A column with how it is compared, and a value."""

_KEY: Final = "accepted_at, fax_id"
"""By which faxes are ordered, all of it in the indexes."""


def _keys(whose: Whose) -> Sequence[Condition]:
    return [(f"{column} =", value) for column, value in whose.keys]


def _branches(whose: Whose, wanted: Filter) -> Iterator[tuple[Condition, ...]]:
    directions = (wanted.direction,) if wanted.direction else get_args(Direction)
    for key in _keys(whose):
        if wanted.states:
            for state, direction in product(dict.fromkeys(wanted.states), directions):
                yield key, ("state =", state), ("direction =", direction)
        elif wanted.direction:
            yield key, ("direction =", wanted.direction)
        else:
            yield (key,)


def _faxes(columns: str, *conditions: Condition) -> Question:
    where = " AND ".join(f"{compared} {{}}" for compared, _ in conditions)
    return Question(f"SELECT {columns} FROM faxes WHERE {where}", tuple(value for _, value in conditions))  # noqa: S608


def _numbered(whose: Whose, wanted: Filter) -> Iterator[Question]:
    """The faxes of one number, for each key.

    The range is found first, whatever the planner thinks of it: a rare number in a large account is rare. Its index has
    all that is asked of a fax.
    """
    digits = wanted.digits or ""
    for key in _keys(whose):
        found = _faxes(f"{_KEY}, direction, state", key, ("other_digits >=", digits), ("other_digits <", digits + ":"))
        text = f"WITH found AS MATERIALIZED ({found.text}) SELECT {_KEY} FROM found WHERE TRUE"  # noqa: S608 - no value
        yield replace(found, text=text).where("direction = {}", wanted.direction).one_of("state", wanted.states)


def _within(question: Question, wanted: Filter, after: Cursor | None) -> Question:
    within = question.where("accepted_at >= {}", wanted.since).where("accepted_at < {}", wanted.until)
    if after is None:
        return within
    return within.where("(accepted_at, fax_id) < ({}, {})", after.accepted_at, after.fax_id)


def _first(rows: int, branches: Sequence[Question]) -> Question | None:
    """The rows of the first of all branches, which select `_KEY`, and none of which has a fax of another.

    Only what is shown is read whole: of the others, what the indexes say is enough.
    """
    if not branches:
        return None
    while len(branches) > 1:
        branches = [one.newest(rows) for one in _together(branches)]
    columns = ", ".join(f"faxes.{name}" for name in FaxRow.__dataclass_fields__)
    text = f"SELECT {columns} FROM ({branches[0].text}) AS first JOIN faxes ON faxes.fax_id = first.fax_id"  # noqa: S608
    return replace(branches[0], text=f"{text} ORDER BY faxes.accepted_at DESC, faxes.fax_id DESC")


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
