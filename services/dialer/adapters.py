"""The dialer's database: rows by fax, what is due, and the one query that picks the next calls."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import CursorResult, Select, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.retention import LONGEST
from services._runtime.database import inserting
from services.dialer.dead_numbers import is_dead
from services.dialer.lines import Trunk
from services.dialer.sending import ASKED, OPEN, Sending
from services.dialer.tables import FAXES

log = logging.getLogger(__name__)

RECALLED: Final = "recalled"
REMEMBERED: Final = timedelta(days=30)
"""How long what a fax was stays after its end. That it was stays until a repeat of it would be refused as expired."""

UNREADABLE: Final = timedelta(minutes=10)
"""Before a row that can't be read is looked at again."""

_PICKING: Final = 0x6E666469
"""Key of PostgreSQL's advisory lock under which one process picks calls: the limits are counted."""

_f: Final = FAXES.c


class Moved(Exception):  # noqa: N818 - it says what happened
    """Another process has moved this fax since it was read."""


async def read(connection: AsyncConnection, fax_id: UUID) -> Sending | str | None:
    """A fax's row, or only its state if that is all that is left or known of it; None if it never came."""
    row = (await connection.execute(select(_f.sending, _f.state).where(_f.fax_id == str(fax_id)))).one_or_none()
    if row is None:
        return None
    return Sending.stored(row.sending) if row.sending else str(row.state)


async def add(connection: AsyncConnection, sending: Sending) -> bool:
    """Insert a fax unless its id is there; whether it wasn't."""
    return await _insert(connection, _columns(sending))


async def recall(connection: AsyncConnection, fax_id: UUID, accepted_at: datetime, now: datetime) -> bool:
    """Remember that a fax which never came was cancelled; False if it came meanwhile."""
    row = {"fax_id": str(fax_id), "version": 0, "state": RECALLED, "attempt": 0, "accepted_at": accepted_at}
    return await _insert(connection, row | dict.fromkeys(("since", "due_at", "give_up_at"), now))


async def _insert(connection: AsyncConnection, row: dict[str, Any]) -> bool:
    adding = inserting(connection, FAXES).values(row)
    made = await connection.execute(adding.on_conflict_do_nothing(index_elements=["fax_id"]))
    return made.rowcount == 1


async def move(connection: AsyncConnection, version: int, after: Sending) -> None:
    """Compare and set: the row must still have `version`.

    Raises:
        Moved: It hasn't.
    """
    mine = (_f.fax_id == str(after.fax.fax_id)) & (_f.version == version)
    done: CursorResult[Any] = await connection.execute(update(FAXES).where(mine).values(_columns(after)))
    if done.rowcount != 1:
        raise Moved


async def overdue(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[UUID]:
    """Faxes past a deadline: of the call that was asked for, of its result, or of waiting for a call."""
    late = select(_f.fax_id).where(_f.state.in_(ASKED), _f.due_at <= now).limit(limit)
    tired = select(_f.fax_id).where(_f.state == "waiting", _f.give_up_at <= now).limit(limit)
    return [UUID(one) for asked in (late, tired) for one in await connection.scalars(asked)]


def deadlines() -> dict[str, Select[Any]]:
    """State → the earliest deadline of a fax in it: of the call, of its result, or of waiting for a call."""
    asked: dict[str, Select[Any]] = {
        state: select(func.min(_f.due_at)).where(_f.state == state) for state in sorted(ASKED)
    }
    return {**asked, "waiting": select(func.min(_f.give_up_at)).where(_f.state == "waiting")}


async def hopeless(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[UUID]:
    """Faxes that wait to be sent to a number which is known to be none."""
    known = select(_f.fax_id).where(_f.state == "waiting", is_dead(now)).limit(limit)
    return [UUID(one) for one in await connection.scalars(known)]


async def picking(connection: AsyncConnection) -> bool:
    """Whether this transaction is the one that may pick calls; SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(await connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _PICKING}))


async def trunk(connection: AsyncConnection) -> Trunk:
    """What is known of telephony."""
    held = await connection.scalar(select(func.count()).where(_f.line.is_not(None)))
    requested = await connection.scalar(select(func.count()).where(_f.state == "requested"))
    silent = await connection.scalar(select(func.max(_f.since)).where(_f.state == "unanswered"))
    heard = await connection.scalar(select(func.max(_f.heard_at)))
    return Trunk(held or 0, requested or 0, silent, heard)


async def due(connection: AsyncConnection, now: datetime, per_account: int, limit: int) -> Sequence[Sending]:
    """The faxes to call next, longest due first: one for each free destination, and no account over its share."""
    found = []
    for row in (await connection.execute(_due(now, per_account, limit))).all():
        try:
            found.append(Sending.stored(row.sending))
        except ValidationError:  # somebody wrote into our table: a person must look, and the others don't wait
            log.error("a fax's row can't be read", extra={"fax_id": row.fax_id})  # noqa: TRY400 - it would quote the row
            later = update(FAXES).where(_f.fax_id == row.fax_id).values(due_at=now + UNREADABLE)
            await connection.execute(later)
    return found


def _due(now: datetime, per_account: int, limit: int) -> Select[tuple[str, str]]:
    taken = select(_f.line).where(_f.line.is_not(None))
    order = (_f.due_at, _f.fax_id)
    mine = func.row_number().over(partition_by=(_f.account_id, _f.destination), order_by=order)
    first = (
        select(_f.sending, _f.account_id, _f.destination, _f.due_at, _f.fax_id, mine.label("place"))
        .where(_f.state == "waiting", _f.due_at <= now)
        .where(_f.destination.not_in(taken), ~is_dead(now))
        .subquery()
    )
    held = (
        select(_f.account_id, func.count().label("calls"))
        .where(_f.line.is_not(None))
        .group_by(_f.account_id)
        .subquery()
    )
    share = func.row_number().over(partition_by=first.c.account_id, order_by=(first.c.due_at, first.c.fax_id))
    shared = (
        select(first, (share + func.coalesce(held.c.calls, 0)).label("calls"))
        .select_from(first.outerjoin(held, held.c.account_id == first.c.account_id))
        .where(first.c.place == 1)
        .subquery()
    )
    # Only now: a fax that its account has no share left for holds up nobody else's to the same number.
    turn = func.row_number().over(partition_by=shared.c.destination, order_by=(shared.c.due_at, shared.c.fax_id))
    turns = select(shared, turn.label("turn")).where(shared.c.calls <= per_account).subquery()
    return (
        select(turns.c.sending, turns.c.fax_id)
        .where(turns.c.turn == 1)
        .order_by(turns.c.due_at, turns.c.fax_id)
        .limit(limit)
    )


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Drop what ended long ago: first what it was, then that it was; how many rows were touched."""
    old = (_f.sending.is_not(None)) & (_f.state.not_in(OPEN)) & (_f.since < now - REMEMBERED)
    blank = dict.fromkeys(("sending", "account_id", "destination"))
    blanked = await connection.execute(update(FAXES).where(old).values(blank))
    expired = (_f.accepted_at < now - LONGEST) & (_f.state.not_in(OPEN))
    gone = await connection.execute(delete(FAXES).where(expired))
    return blanked.rowcount + gone.rowcount


def _columns(sending: Sending) -> dict[str, Any]:
    fax = sending.fax
    return {
        "fax_id": str(fax.fax_id),
        "version": sending.version,
        "state": sending.state,
        "attempt": sending.attempt,
        "account_id": fax.account_id,
        "destination": fax.destination,
        "line": fax.destination if sending.holds_line else None,
        "since": sending.since,
        "due_at": sending.due_at,
        "give_up_at": sending.give_up_at,
        "heard_at": sending.heard_at,
        "accepted_at": fax.accepted_at,
        "sending": sending.model_dump_json(),
    }
