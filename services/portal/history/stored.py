"""What reading and writing the history's tables have in common."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.fax import FaxStatusChanged
from services._runtime.history.tables import STEPS
from services.portal.history.domain import Kept, identity


async def kept_of(connection: AsyncConnection, fax_ids: Iterable[UUID]) -> dict[UUID, Kept]:
    """The steps of those of the faxes that are there."""
    found: dict[UUID, Kept] = {}
    for event in await connection.scalars(select(STEPS.c.event).where(STEPS.c.fax_id.in_(fax_ids))):
        step = FaxStatusChanged.model_validate_json(event)
        found.setdefault(step.fax_id, {})[identity(step)] = step
    return found
