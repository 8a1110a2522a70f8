"""Which records are to be brought up to date: marked by whoever changes a fax, taken by whoever writes records."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Update, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.fax import FaxStatusChanged
from services._runtime.claims import utc_now
from services._runtime.database import inserting, transaction
from services._runtime.history.driver import fetch
from services._runtime.history.tables import UNRECORDED
from services.portal.history.stored import kept_of

LEASE: Final = timedelta(seconds=60)
"""How long one process has a fax for itself; longer than `WRITING` and the transactions around it."""

WRITING: Final = timedelta(seconds=30)
"""How long it may write records: with two writers at once, an older record could come to lie over a newer one."""


@dataclass(frozen=True, slots=True)
class Due:
    """A fax whose record is to be brought up to date.

    Attributes:
        times: How often the fax has changed since its record was; unchanged when that is done, all is told.
        taken_until: Until when this process has it.
        steps: What the record is to tell; none of a fax that is gone.
    """

    fax_id: UUID
    accepted_at: datetime
    times: int
    taken_until: datetime
    steps: Collection[FaxStatusChanged]


async def mark(connection: AsyncConnection, faxes: Mapping[UUID, datetime]) -> None:
    """In the transaction that changes or removes them: the records of these faxes, each with its date, are out of date.

    A fax that another process is at stays its: it will see that the fax has changed meanwhile.
    """
    if not faxes:
        return
    insert = inserting(connection, UNRECORDED)
    again = insert.on_conflict_do_update(index_elements=["fax_id"], set_={"times": UNRECORDED.c.times + 1})
    marks = [{"fax_id": fax_id, "accepted_at": faxes[fax_id], "times": 1} for fax_id in sorted(faxes)]
    await connection.execute(again, marks)


class Unrecorded:
    """The marks, for one process of several. Every method raises `DependencyAway` ("database")."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def take(self, limit: int) -> Sequence[Due]:
        """At most `limit` faxes that nobody else is at; they are this process's for `LEASE`."""
        now = self._now()
        until = now + LEASE
        free = or_(UNRECORDED.c.taken_until.is_(None), UNRECORDED.c.taken_until < now)
        columns = (UNRECORDED.c.fax_id, UNRECORDED.c.accepted_at, UNRECORDED.c.times)
        async with transaction(self._engine) as connection:
            asked = select(*columns).where(free).limit(limit).with_for_update(skip_locked=True)
            found = (await connection.execute(asked)).all()
            fax_ids = [row.fax_id for row in found]
            await connection.execute(_update(fax_ids), {"taken_until": until})
            kept = await kept_of(connection, fax_ids)
        return [Due(*row, until, list(kept.get(row.fax_id, {}).values())) for row in found]

    async def number(self) -> int:
        """How many records are to be brought up to date."""
        ((number,),) = await fetch(self._engine, "SELECT count(*) FROM unrecorded", ())
        return int(number)

    async def settle(self, done: Sequence[Due]) -> None:
        """The records of these say all: the marks go, but of a fax that has changed since it is free for the next.

        What is another's by now, since this process was too slow, is marked once more: our record, which is older, may
        have come to lie over its.
        """
        times = {one.fax_id: one.times for one in done}
        still_ours = UNRECORDED.c.taken_until.in_({one.taken_until for one in done})
        columns = (UNRECORDED.c.fax_id, UNRECORDED.c.times)
        async with transaction(self._engine) as connection:
            ours = select(*columns).where(UNRECORDED.c.fax_id.in_(times), still_ours)
            locked = ours.order_by(columns[0]).with_for_update()  # in the order of `mark`, so that neither can block
            now = {row.fax_id: row.times for row in await connection.execute(locked)}
            told = [fax_id for fax_id, number in now.items() if number == times[fax_id]]
            await connection.execute(delete(UNRECORDED).where(UNRECORDED.c.fax_id.in_(told)))
            await connection.execute(_update(now), {"taken_until": None})
            await mark(connection, {one.fax_id: one.accepted_at for one in done if one.fax_id not in now})

    async def again(self, due: Sequence[Due]) -> None:
        """Mark them once more: what was begun of these records may still come to be written."""
        async with transaction(self._engine) as connection:
            await mark(connection, {one.fax_id: one.accepted_at for one in due})


def _update(fax_ids: Iterable[UUID]) -> Update:
    return update(UNRECORDED).where(UNRECORDED.c.fax_id.in_(fax_ids))
