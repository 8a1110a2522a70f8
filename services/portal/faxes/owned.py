"""Whose primary user somebody is."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory.store import Store
from services.portal.inventory.tables import ACCOUNTS


async def own_accounts(store: Store, user_id: str) -> frozenset[str]:
    """The accounts of which somebody is the primary user, removed ones among them: their faxes stay theirs.

    Raises:
        DependencyAway: The database doesn't answer.
    """

    async def work(connection: AsyncConnection) -> frozenset[str]:
        return frozenset(await connection.scalars(select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.user_id == user_id)))

    return await store.read(work)
