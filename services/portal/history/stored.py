"""What reading and writing the history's tables have in common."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.fax import FaxStatusChanged
from services._runtime.history.tables import STEPS
from services.portal.history.domain import Kept, identity


def inserting(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows what to do with a row that is there: ``ON CONFLICT``, which both databases spell alike."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def kept_of(connection: AsyncConnection, fax_ids: Iterable[UUID]) -> dict[UUID, Kept]:
    """The steps of those of the faxes that are there."""
    found: dict[UUID, Kept] = {}
    for event in await connection.scalars(select(STEPS.c.event).where(STEPS.c.fax_id.in_(fax_ids))):
        step = FaxStatusChanged.model_validate_json(event)
        found.setdefault(step.fax_id, {})[identity(step)] = step
    return found
