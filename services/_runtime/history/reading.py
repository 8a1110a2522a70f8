"""Reading the history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.database import transaction
from services._runtime.history.digits import ends_with
from services._runtime.history.rows import Cursor, Direction, FaxRow, Page
from services._runtime.history.tables import FAXES, STEPS

_COLUMNS = tuple(FAXES.c[name] for name in FaxRow.__dataclass_fields__)


class History:
    """Reads the history; every method raises `DependencyAway` ("database") when the database doesn't answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        """How one fax stands; None if nothing is known of it, or no longer."""
        rows = await self._rows(select(*_COLUMNS).where(FAXES.c.fax_id == fax_id))
        return _fax(rows[0]) if rows else None

    async def steps(self, fax_id: UUID) -> Sequence[FaxStatusChanged]:
        """Every step of one fax, oldest first."""
        asked = select(STEPS.c.event).where(STEPS.c.fax_id == fax_id).order_by(STEPS.c.version, STEPS.c.at)
        return [FaxStatusChanged.model_validate_json(row.event) for row in await self._rows(asked)]

    async def faxes(  # noqa: PLR0913 - each is a filter that a person sets
        self,
        account_id: str,
        *,
        direction: Direction | None = None,
        states: Sequence[FaxState] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page:
        """An account's faxes, newest first.

        `states` empty means any; accepted at `since` or later and before `until`; `after` goes on with the next page.
        """
        asked = select(*_COLUMNS).where(FAXES.c.account_id == account_id)
        if direction is not None:
            asked = asked.where(FAXES.c.direction == direction)
        if states:
            asked = asked.where(FAXES.c.state.in_(states))
        if since is not None:
            asked = asked.where(FAXES.c.accepted_at >= since)
        if until is not None:
            asked = asked.where(FAXES.c.accepted_at < until)
        return await self._page(asked, after, limit)

    async def search(self, account_id: str, number: str, *, after: Cursor | None = None, limit: int = 50) -> Page:
        """An account's faxes from or to a number that ends in the digits of `number`, newest first; none: no faxes."""
        ending = ends_with(FAXES.c.other_digits, number)
        if ending is None:
            return Page((), None)
        return await self._page(select(*_COLUMNS).where(FAXES.c.account_id == account_id, ending), after, limit)

    async def _page(self, asked: Select[Any], after: Cursor | None, limit: int) -> Page:
        if after is not None:
            place = tuple_(FAXES.c.accepted_at, FAXES.c.fax_id)
            asked = asked.where(place < tuple_(after.accepted_at, after.fax_id, types=_PLACE))
        newest = asked.order_by(FAXES.c.accepted_at.desc(), FAXES.c.fax_id.desc()).limit(limit + 1)
        rows = [_fax(row) for row in await self._rows(newest)]
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows, Cursor(rows[-1].accepted_at, rows[-1].fax_id) if more and rows else None)

    async def _rows(self, asked: Select[Any]) -> Sequence[Row[Any]]:
        async with transaction(self._engine) as connection:
            found: Sequence[Row[Any]] = (await connection.execute(asked)).all()
        return found


_PLACE = (FAXES.c.accepted_at.type, FAXES.c.fax_id.type)


def _fax(row: Row[Any]) -> FaxRow:
    return FaxRow(*cast("tuple[Any, ...]", row))
