"""Stray holds: they are in force, and of a fax, an account or a domain that the portal doesn't know.

The portal's database was made anew, or somebody held what never was here. No reseller or manager reaches such a hold;
so whoever runs the service lifts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.retention import HoldChanged
from schemas.topics import FAX_HOLDS
from services._runtime.database import transaction
from services._runtime.history import FaxRow
from services._runtime.outcomes import DependencyAway
from services.portal.inventory.holds import fits_a_line
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Store
from services.portal.inventory.tables import ACCOUNTS, DOMAINS, HOLDS
from services.portal.web.signing_in.people import Person
from services.portal.web.signing_in.recording import Line, record


class Rows(Protocol):
    """The part of the history that is asked."""

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        """How one fax stands; raises `DependencyAway`."""


@dataclass(frozen=True)
class StrayHolds:
    """Finds them among all that are in force, and lifts them. Raises `DependencyAway` ("database", "history")."""

    store: Store
    rows: Rows | None

    async def among(self, held: Sequence[HoldChanged]) -> Sequence[HoldChanged]:
        """Those of `held`, all that the topic has, that are stray."""
        async with transaction(self.store.engine) as connection:
            strange = [one for one in held if not await self._is_known(connection, one.scope)]
        return [one for one in strange if not await self._is_fax(one.scope)]

    async def lift(
        self, held: Sequence[HoldChanged], scope: str, reason: str, by: Person
    ) -> HoldChanged | Refused | None:
        """Lift one, in the name of an operator; None if there is no such stray hold (any more)."""
        if not reason.strip() or not fits_a_line(reason, by.name):
            return refused("hold-invalid")
        if scope not in {one.scope for one in await self.among(held)}:
            return None
        word = HoldChanged(scope=scope, held=False, reason=reason.strip(), by=by.name, at=self.store.now())
        async with transaction(self.store.engine) as connection:
            if await self._is_known(connection, scope):
                return None
            await record(connection, by, word.at, Line("hold.lifted", scope, after={"reason": word.reason}))
            await self.store.outbox.put(connection, [word], word.at)
        self.store.outbox.wake()
        return word

    async def _is_known(self, connection: AsyncConnection, scope: str) -> bool:
        """Whether the portal lists it, has just lifted it, or knows what it is of."""
        if scope in await self.store.outbox.keys_waiting(connection, FAX_HOLDS.name):
            return True
        kind, _, which = scope.partition(":")
        asked = [select(HOLDS.c.scope).where(HOLDS.c.scope == scope, HOLDS.c.held)]
        if kind == "account":
            asked.append(select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.account_id == which))
        elif kind == "domain":
            asked.append(select(DOMAINS.c.domain).where(DOMAINS.c.domain == which))
        return any([await connection.scalar(one) is not None for one in asked])

    async def _is_fax(self, scope: str) -> bool:
        kind, _, which = scope.partition(":")
        if kind != "fax":
            return False
        if self.rows is None:
            raise DependencyAway("history", "this portal names none")
        return await self.rows.fax(UUID(which)) is not None
