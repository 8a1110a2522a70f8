"""What the API asks of the history of faxes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.history import Cursor, Direction, FaxRow, Page


class History(Protocol):
    """Faxes and their steps; every method raises `DependencyAway` when the database doesn't answer."""

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        """One fax."""

    async def steps(self, fax_id: UUID) -> Sequence[FaxStatusChanged]:
        """Its steps, oldest first."""

    async def faxes(  # noqa: PLR0913 - one argument a filter
        self,
        account_id: str,
        /,
        *,
        direction: Direction | None,
        states: Sequence[FaxState],
        since: datetime | None,
        until: datetime | None,
        after: Cursor | None,
        limit: int,
    ) -> Page:
        """An account's faxes, newest first."""
