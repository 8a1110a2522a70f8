"""The active fax accounts that are somebody's: who may get a fax, and whose a fax is."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from services._runtime.history import FaxRow
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor
from services.portal.inventory.store import Store
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account


async def active_accounts(
    connection: AsyncConnection, actor: Actor, *which: ColumnElement[bool], limit: int
) -> Sequence[Account]:
    """Those of the actor that meet all conditions, by number."""
    theirs = [ACCOUNTS.c.state == "active", ACCOUNTS.c.reseller == actor.reseller]
    if actor.domain is not None:
        theirs.append(ACCOUNTS.c.domain == actor.domain)
    if actor.only_own:
        theirs.append(ACCOUNTS.c.user_id == actor.user_id)
    return await rows.accounts(connection, *theirs, *which, limit=limit)


async def account_in(connection: AsyncConnection, actor: Actor, row: FaxRow) -> Account | None:
    """The account that a fax is of; None: it is removed, or not the actor's."""
    found = await active_accounts(connection, actor, ACCOUNTS.c.account_id == row.account_id, limit=1)
    return found[0] if found else None


async def account_of(store: Store, actor: Actor, row: FaxRow) -> Account | None:
    """The same, read by itself.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    return await store.read(lambda connection: account_in(connection, actor, row))
