"""fax-status and fax-expired in, the history's tables written; nothing out."""

from collections.abc import Callable

from schemas.fax import FaxStatusChanged, TablePositionReported
from schemas.retention import FaxExpired
from services._runtime.outcomes import Done, Outcome
from services.portal.history.adapters import Projection
from services.portal.history.group import GroupCommit


class Projecting:
    """Each call returns when what it brought is committed; calls at the same time share a transaction."""

    def __init__(self, projection: Projection, told: Callable[[FaxStatusChanged], None] = lambda _: None) -> None:
        self._told = told
        self._write = GroupCommit(projection.write)
        self._remove = GroupCommit(projection.remove)

    async def status(self, event: FaxStatusChanged | TablePositionReported) -> Outcome:
        """Add a step. A table's position is no part of any fax's history."""
        if isinstance(event, FaxStatusChanged):
            await self._write(event)
            self._told(event)
        return Done()

    async def expired(self, event: FaxExpired) -> Outcome:
        """Forget a fax."""
        await self._remove(event)
        return Done()
