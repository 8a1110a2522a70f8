"""Deleting a fax: retention does it, within minutes, unless a hold keeps it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.retention import DeletionRequested
from services._runtime.history import FaxRow
from services._runtime.outbox import Outbox
from services.portal.handling.domain import scopes_of
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.held import held
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import HOLDS
from services.portal.inventory.views import Held


async def holds_on(store: Store, row: FaxRow) -> Sequence[Held]:
    """The holds that keep a fax, the narrowest first.

    Raises:
        DependencyAway: The database doesn't answer.
    """

    async def work(connection: AsyncConnection) -> Sequence[Held]:
        return await _holds(connection, store.outbox, row, store.now())

    return await store.read(work)


async def delete(store: Store, actor: Actor, row: FaxRow) -> Sequence[Held]:
    """Ask that a fax be deleted for good; the caller has checked that the actor may. The holds that keep it, if any do.

    Raises:
        DependencyAway: The database doesn't answer; whether it counted is unknown.
        NotThere: The fax is of no account, or the actor of no domain.
    """
    account_id, domain = row.account_id, actor.domain
    if account_id is None or domain is None:
        raise NotThere("fax")

    async def work(change: Change) -> Sequence[Held]:
        await change.lock(domain)  # whoever sets a hold now is before or after, not between
        if keeping := await _holds(change.connection, change.outbox, row, change.at):
            return keeping
        request = DeletionRequested(
            fax_id=row.fax_id,
            accepted_at=row.accepted_at,
            account_id=account_id,
            by=actor.name,
            requested_at=change.at,
        )
        told = {"direction": row.direction, "accepted_at": row.accepted_at.isoformat()}
        await change.record(Entry("fax.deleted", str(row.fax_id), domain, told))
        await change.publish([request])
        return ()

    return await store.change(actor, work)


async def _holds(connection: AsyncConnection, outbox: Outbox, row: FaxRow, now: datetime) -> Sequence[Held]:
    scopes = scopes_of(row)
    found = await held(connection, outbox, select(HOLDS).where(HOLDS.c.scope.in_(scopes), HOLDS.c.held), now)
    return sorted(found, key=lambda one: scopes.index(one.scope))
