"""The gateway's faxes in its database: each change is compared and set, with its events in the outbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import StoredObject
from schemas.fax import EmailRequested
from services._runtime.database import inserting, reading, transaction
from services._runtime.outbox import Outbox
from services.ingest.ata.domain import HeldFax, Transition
from services.ingest.ata.tables import FAXES

_FALLBACK: Final = TypeAdapter(tuple[EmailRequested, ...])
_c: Final = FAXES.c


def deadlines() -> dict[str, Select[Any]]:
    """State → the earliest deadline of a fax in it."""
    return {"waiting": select(func.min(_c.due_at)).where(_c.state == "waiting")}


@dataclass(frozen=True)
class HeldFaxes:
    """The faxes that wait, and waited. Every method raises `DependencyAway` when the database doesn't answer."""

    engine: AsyncEngine
    outbox: Outbox

    async def add(self, held: Transition) -> bool:
        """Keep a new fax; False if it is known, and nothing changes."""
        fax, events = held
        async with transaction(self.engine) as connection:
            adding = inserting(connection, FAXES).values(**_row(fax)).on_conflict_do_nothing()
            new = (await connection.execute(adding)).rowcount == 1
            if new:
                await self.outbox.put(connection, events, fax.changed_at)
        self.outbox.wake()
        return new

    async def find(self, fax_id: UUID) -> HeldFax | None:
        """One fax."""
        async with reading(self.engine) as connection:
            return await _read(connection, fax_id)

    async def change(self, fax_id: UUID, decide: Callable[[HeldFax], Transition | None]) -> HeldFax | None:
        """Make the transition that `decide` finds for the fax as it is; the fax after it, None if there is no such fax.

        Whoever changes it between the reading and the writing counts, and `decide` is asked again.
        """
        while True:
            async with transaction(self.engine) as connection:
                fax = await _read(connection, fax_id)
                transition = decide(fax) if fax else None
                if fax is None or transition is None:
                    return fax
                if await self._set(connection, fax, transition):
                    break
        self.outbox.wake()
        return transition[0]

    async def _set(self, connection: AsyncConnection, before: HeldFax, transition: Transition) -> bool:
        after, events = transition
        unchanged = (_c.fax_id == before.fax_id, _c.version == before.version)
        changed = {"state", "version", "changed_at", "fallback"}
        values = {name: value for name, value in _row(after).items() if name in changed}
        if (await connection.execute(update(FAXES).where(*unchanged).values(values))).rowcount == 0:
            return False
        await self.outbox.put(connection, events, after.changed_at)
        return True

    async def waiting(self, serial: str, account_id: str, now: datetime, limit: int) -> tuple[HeldFax, ...]:
        """What a device may take now, oldest first."""
        mine = (_c.serial == serial, _c.account_id == account_id, _c.state == "waiting", _c.due_at > now)
        chosen = select(FAXES).where(*mine).order_by(_c.accepted_at, _c.request_version, _c.fax_id).limit(limit)
        async with reading(self.engine) as connection:
            return tuple(_fax(row) for row in (await connection.execute(chosen)).all())

    async def overdue(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        """Faxes whose deadline has come, the longest overdue first."""
        chosen = select(_c.fax_id).where(_c.state == "waiting", _c.due_at <= now).order_by(_c.due_at).limit(limit)
        async with reading(self.engine) as connection:
            return tuple((await connection.execute(chosen)).scalars())

    async def forget(self, before: datetime) -> int:
        """Remove the faxes that were accepted before a moment and wait no more; how many there were."""
        async with transaction(self.engine) as connection:
            old = delete(FAXES).where(_c.accepted_at < before, _c.state != "waiting")
            return (await connection.execute(old)).rowcount


async def _read(connection: AsyncConnection, fax_id: UUID) -> HeldFax | None:
    row = (await connection.execute(select(FAXES).where(_c.fax_id == fax_id))).one_or_none()
    return _fax(row) if row else None


def _row(fax: HeldFax) -> dict[str, object]:
    return {
        **vars(fax),
        "document": fax.document.model_dump_json(),
        "fallback": _FALLBACK.dump_json(fax.fallback, exclude_none=True).decode(),
    }


def _fax(row: Row[tuple[object, ...]]) -> HeldFax:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["document"] = StoredObject.model_validate_json(row.document)
    values["fallback"] = _FALLBACK.validate_json(row.fallback)
    return HeldFax(**values)
