"""Numbers that aren't allocated: known to the account that called one at once, to everybody when that is sure.

A network says so by mistake, too: a carrier's routing fault, or a number being moved. So one answer counts for an hour
and for the account that got it. A second one, to another account's call or an hour later, makes it sure for a day. Any
call that gets further ends it.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.fax import FaxToDial
from services._runtime.database import inserting
from services.dialer.rules import Rules
from services.dialer.tables import DEAD_NUMBERS, EVERYBODY, FAXES

_d: Final = DEAD_NUMBERS.c


async def remember(connection: AsyncConnection, fax: FaxToDial, now: datetime, rules: Rules) -> None:
    """Remember that a call to a fax's destination found that it isn't allocated."""
    if not rules.dead_number:
        return
    once, sure = (timedelta(seconds=one) for one in (rules.dead_number_once, rules.dead_number))
    heard = select(_d.account_id, _d.said_at).where(_d.destination == fax.destination, _d.said_at > now - sure)
    before = {row.account_id: row.said_at for row in await connection.execute(heard)}
    first = before.get(fax.account_id, now)
    await _set(connection, fax.destination, fax.account_id, first, now + once)
    if first <= now - once or before.keys() - {fax.account_id}:
        await _set(connection, fax.destination, EVERYBODY, now, now + sure)


async def forget(connection: AsyncConnection, destination: str) -> None:
    """A call got further than that: the number is one."""
    await connection.execute(delete(DEAD_NUMBERS).where(_d.destination == destination))


async def clear(connection: AsyncConnection, now: datetime, rules: Rules) -> None:
    """Drop what is too old to count."""
    old = (_d.until <= now) & (_d.said_at <= now - timedelta(seconds=rules.dead_number))
    await connection.execute(delete(DEAD_NUMBERS).where(old))


def is_dead(now: datetime) -> ColumnElement[bool]:
    """Whether the destination of a row of `FAXES` is known, to its account, to be no number."""
    known_to = or_(_d.account_id == FAXES.c.account_id, _d.account_id == EVERYBODY)
    return exists(select(1).where(_d.destination == FAXES.c.destination, known_to, _d.until > now))


async def _set(
    connection: AsyncConnection, destination: str, account_id: str, said_at: datetime, until: datetime
) -> None:
    row = {"destination": destination, "account_id": account_id, "said_at": said_at, "until": until}
    adding = inserting(connection, DEAD_NUMBERS).values(row)
    later = func.greatest if connection.dialect.name == "postgresql" else func.max
    changed = {"until": later(_d.until, adding.excluded.until), "said_at": adding.excluded.said_at}
    await connection.execute(adding.on_conflict_do_update(index_elements=["destination", "account_id"], set_=changed))
