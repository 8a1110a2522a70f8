"""The holds that are set, and whether retention can know of them yet."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.topics import FAX_HOLDS
from services._runtime.outbox import Outbox
from services.portal.inventory.views import Held


async def held(connection: AsyncConnection, outbox: Outbox, chosen: Select[Any]) -> tuple[Held, ...]:
    """The holds that `chosen` finds in `HOLDS`, in its order. One whose word waits in the outbox isn't in force."""
    waiting = await outbox.keys_waiting(connection, FAX_HOLDS.name)
    rows = (await connection.execute(chosen)).all()
    return tuple(Held(row.scope, row.domain, row.reason, row.by, row.at, row.scope not in waiting) for row in rows)
