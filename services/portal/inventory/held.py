"""The holds that are set, and whether retention keeps to them yet."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.topics import FAX_HOLDS
from services._runtime.outbox import Outbox
from services.portal.inventory.views import Held

IN_FORCE_AFTER = timedelta(minutes=1)
"""Retention acts for 20 s on what it read of the holds, and a request of its then has 30 s: docs/adr/0007."""


async def held(connection: AsyncConnection, outbox: Outbox, chosen: Select[Any], now: datetime) -> tuple[Held, ...]:
    """The holds that `chosen` finds in `HOLDS`, in its order.

    One that was just set, or whose word waits in the outbox, isn't in force.
    """
    waiting = await outbox.keys_waiting(connection, FAX_HOLDS.name)
    rows = (await connection.execute(chosen)).all()
    return tuple(
        Held(
            scope=row.scope,
            domain=row.domain,
            reason=row.reason,
            by=row.by,
            at=row.at,
            in_force=row.scope not in waiting and now - row.at >= IN_FORCE_AFTER,
        )
        for row in rows
    )
