"""Reading the history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.history.asking import Filter, Question, filtered, of_fax
from services._runtime.history.digits import reversed_digits
from services._runtime.history.driver import fax_id as read_id
from services._runtime.history.driver import fetch, moment
from services._runtime.history.rows import Cursor, Direction, FaxRow, Page, Usage, Whose
from services._runtime.history.usage import added_up, used


class History:
    """Reads the history; every method raises `DependencyAway` ("database") when the database doesn't answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        """How one fax stands; None if nothing is known of it, or no longer."""
        rows = await self._rows(of_fax("*", fax_id))
        return _fax(rows[0]) if rows else None

    async def steps(self, fax_id: UUID) -> Sequence[FaxStatusChanged]:
        """Every step of one fax, oldest first."""
        return [FaxStatusChanged.model_validate_json(event) for (event,) in await self._rows(of_fax("event", fax_id))]

    async def faxes(  # noqa: PLR0913 - each is a filter that a person sets
        self,
        whose: Whose | str,
        /,
        *,
        direction: Direction | None = None,
        states: Sequence[FaxState] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        number: str | None = None,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page:
        """Somebody's faxes, newest first: see `Filter`. A text is an account. `after` goes on with the next page.

        `number`: only from or to a number that ends in its digits; without a digit in it, none.
        """
        digits = reversed_digits(number)
        if number is not None and digits is None:
            return Page((), None)
        wanted = Filter(direction, states, since, until, digits)
        return await self._page(filtered(_whose(whose), wanted, after, limit + 1), limit)

    async def usage(self, whose: Whose, since: datetime, until: datetime) -> Sequence[Usage]:
        """What somebody's faxes came to by domain, account, month and direction, in this order.

        Those accepted at `since` or later and before `until`, both the start of a day in UTC; those that are gone too.

        Raises:
            ValueError: One of them is not the start of a day.
        """
        question = used(whose, since, until)
        return added_up(await self._rows(question)) if question else ()

    async def _page(self, question: Question | None, limit: int) -> Page:
        if question is None:
            return Page((), None)
        rows = [_fax(row) for row in await self._rows(question)]
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows, Cursor(rows[-1].accepted_at, rows[-1].fax_id) if more and rows else None)

    async def _rows(self, question: Question) -> Sequence[Sequence[Any]]:
        return await fetch(self._engine, question.text, question.values)


def _whose(whose: Whose | str) -> Whose:
    return Whose(accounts=(whose,)) if isinstance(whose, str) else whose


def _fax(values: Sequence[Any]) -> FaxRow:
    """A row of `COLUMNS`. A frozen dataclass sets its fields one by one; for a page that takes as long as the query."""
    told = dict(zip(_NAMES, values, strict=True))
    if isinstance(told["accepted_at"], str):  # from SQLite; PostgreSQL's driver knows UUIDs and instants
        told["fax_id"] = read_id(told["fax_id"])
        told["accepted_at"], told["updated_at"] = moment(told["accepted_at"]), moment(told["updated_at"])
        told["partial"] = bool(told["partial"])
    row = object.__new__(FaxRow)
    object.__setattr__(row, "__dict__", told)
    return row


_NAMES = tuple(FaxRow.__dataclass_fields__)
