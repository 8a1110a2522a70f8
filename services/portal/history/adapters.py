"""Writing the history: steps, the row that follows from them, and tombstones; any number of processes may write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Table, bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from services._runtime.claims import utc_now
from services._runtime.database import inserting, transaction
from services._runtime.expiry import is_expired
from services._runtime.history import FaxRow
from services._runtime.history.digits import reversed_digits
from services._runtime.history.tables import FAXES, GONE, STEPS
from services.portal.history.domain import Kept, has_ended, identity, kept_after, row_of
from services.portal.history.leaving import leave
from services.portal.history.stored import kept_of
from services.portal.history.unrecorded import mark

REMEMBERED = timedelta(days=42)
"""How long a step of an expired fax may still come: topics keep 14 days, and dead letters 28 more."""

_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)


class Projection:
    """The tables as the projecting stage writes them. Every method raises `DependencyAway` ("database")."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def write(self, steps: Sequence[FaxStatusChanged], *, recorded: bool = False) -> None:
        """Add `steps` in one transaction. Repeats change nothing, and a fax that expired stays gone.

        `recorded`: these are all steps that the records of their faxes tell, so of a fax that is new none is written.
        """
        now = self._now()
        living = [step for step in steps if not is_expired(step.accepted_at, now)]
        async with transaction(self._engine) as connection:
            gone = await self._lock(connection, {step.fax_id for step in living})
            news = [step for step in living if step.fax_id not in gone]
            before = await kept_of(connection, {step.fax_id for step in news})
            after = _after(before, news)
            changed = {fax_id: kept for fax_id, kept in after.items() if kept is not before.get(fax_id)}
            await _upsert(connection, STEPS, _new_steps(before, changed))
            rows = [row_of(kept.values()) for kept in changed.values()]
            await _upsert(connection, FAXES, [_columns(row) for row in rows])
            told = set(changed) - set(before) if recorded else set()
            ended = {row.fax_id: row.accepted_at for row in rows if has_ended(row) and row.fax_id not in told}
            await mark(connection, ended)

    async def remove(self, expired: Sequence[FaxExpired]) -> None:
        """Forget these faxes, but that they are gone and what they came to; in one transaction."""
        now = self._now()
        fax_ids = {one.fax_id: one.accepted_at for one in expired}
        async with transaction(self._engine) as connection:
            await self._lock(connection, fax_ids)
            tombstones = [{"fax_id": fax_id, "until": now + REMEMBERED} for fax_id in fax_ids]
            await _upsert(connection, GONE, tombstones)
            await leave(connection, fax_ids, now.date())
            for table in (STEPS, FAXES):
                await connection.execute(delete(table).where(table.c.fax_id.in_(fax_ids)))
            await mark(connection, fax_ids)
            await connection.execute(delete(GONE).where(GONE.c.until < now))

    async def _lock(self, connection: AsyncConnection, fax_ids: Iterable[UUID]) -> set[UUID]:
        """Nobody else writes these faxes until the transaction ends; those that are gone.

        A SQLite transaction of ours has the whole file for itself.
        """
        ids = sorted(fax_ids)
        if self._engine.dialect.name == "postgresql":
            await connection.execute(_LOCK, {"keys": sorted(one.int % 2**63 for one in ids)})
        found = await connection.scalars(select(GONE.c.fax_id).where(GONE.c.fax_id.in_(ids)))
        return set(found)


def _after(before: Mapping[UUID, Kept], steps: Iterable[FaxStatusChanged]) -> dict[UUID, Kept]:
    after = dict(before)
    for step in steps:
        after[step.fax_id] = kept_after(after.get(step.fax_id, {}), step)
    return after


def _new_steps(before: Mapping[UUID, Kept], changed: Mapping[UUID, Kept]) -> list[dict[str, Any]]:
    return [
        _step(step)
        for fax_id, kept in changed.items()
        for key, step in kept.items()
        if step is not before.get(fax_id, {}).get(key)
    ]


def _step(step: FaxStatusChanged) -> dict[str, Any]:
    version, stage, state, recipient = identity(step)
    return {
        "fax_id": step.fax_id,
        "version": version,
        "stage": stage,
        "state": state,
        "recipient": recipient,
        "at": step.at,
        "event": step.model_dump_json(exclude_none=True),
    }


def _columns(row: FaxRow) -> dict[str, Any]:
    return {**asdict(row), "other_digits": reversed_digits(row.other_party)}


async def _upsert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    insert = inserting(connection, table)
    keys = {column.name for column in table.primary_key}
    changes = {name: insert.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    await connection.execute(insert.on_conflict_do_update(index_elements=sorted(keys), set_=changes), rows)
