"""Releasing a fax that was set aside: the router decides again, and once."""

from collections.abc import Sequence

from schemas.fax import ReleaseRequested
from services._runtime.history import FaxRow
from services.portal.handling.accounts import active_accounts
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account


async def takers(store: Store, actor: Actor, *, limit: int) -> Sequence[Account]:
    """The active fax accounts that are the actor's, by number.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    return await store.read(lambda connection: active_accounts(connection, actor, limit=limit))


async def taker(store: Store, actor: Actor, number: str) -> Account | None:
    """The active fax account with a number, if it is the actor's.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    which = ACCOUNTS.c.number == number
    found = await store.read(lambda connection: active_accounts(connection, actor, which, limit=1))
    return found[0] if found else None


async def release(store: Store, actor: Actor, row: FaxRow, account: Account) -> None:
    """Have a fax delivered to an account; the caller has checked that it may be. Asked twice, it is delivered once.

    Raises:
        DependencyAway: The database doesn't answer; whether it counted is unknown.
        NotThere: The account isn't the actor's.
    """
    if not actor.reaches(account.reseller, account.domain):
        raise NotThere("account")

    async def work(change: Change) -> None:
        request = ReleaseRequested(
            fax_id=row.fax_id,
            version=row.version + 1,
            accepted_at=row.accepted_at,
            account_id=account.account_id,
            fax_number=account.number,
            by=actor.name,
            requested_at=change.at,
        )
        told = {"state": row.state}, {"released_to": account.number}
        await change.record(Entry("fax.released", str(row.fax_id), account.domain, *told))
        await change.publish([request])

    await store.change(actor, work)
