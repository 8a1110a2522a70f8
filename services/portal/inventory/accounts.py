"""Fax accounts: added, changed, removed; each change is audited and published in its transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import delete, insert, select, update

from services.portal.inventory import making, rows, writing
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.domain import QUARANTINE, may_add, may_change
from services.portal.inventory.forms import AddAccount, ChangeAccount
from services.portal.inventory.publishing import record_of, removal_of
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.situations import Named, situation
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, NUMBERS
from services.portal.inventory.tables import QUARANTINE as KEPT_BACK
from services.portal.inventory.views import Account, Saved

T = TypeVar("T")


@dataclass(frozen=True)
class Accounts:
    """What is done to fax accounts. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def add(self, actor: Actor, form: AddAccount) -> Saved | Refused:
        """“Add a Fax Number”."""
        actor.must("add-account")

        async def work(change: Change) -> Saved | Refused:
            domain = await change.lock(form.domain)
            at = await situation(change.connection, domain, Named.by([form], domain.region))
            accepted = may_add(form, at, change.at)
            if isinstance(accepted, Refused):
                return accepted
            saved = making.made(accepted, at, change.at)
            await writing.add_users(change, [accepted.user] if accepted.new_user else [])
            await write_new(change, [saved.account])
            return saved

        return await self.store.change(actor, work)

    async def change(self, actor: Actor, form: ChangeAccount) -> Saved | Refused:
        """Change what happens to its faxes. A change that changes nothing keeps the version."""
        actor.must("change-account")

        async def work(change: Change, before: Account, domain: object) -> Saved | Refused:
            at = await situation(change.connection, domain, Named.by_change(form))
            accepted = may_change(form, before, at)
            if isinstance(accepted, Refused):
                return accepted
            if accepted.settings.premium_destinations and not before.settings.premium_destinations:
                actor.must("allow-premium")  # the reseller pays for what is dialled
            saved = making.changed(before, accepted, change.at)
            if saved.account is not before:
                await writing.add_users(change, [accepted.user] if accepted.new_user else [])
                await write_changed(change, before, saved.account, "account.changed")
            return saved

        return await self.on_one(actor, form.account_id, work)

    async def remove(self, actor: Actor, account_id: str, version: int) -> Saved | Refused:
        """Remove it: its number is free for this domain, and kept from other customers for 30 days."""
        actor.must("remove-account")

        async def work(change: Change, before: Account, _domain: object) -> Saved | Refused:
            if before.state != "active":
                return refused("account-removed")
            if before.version != version:
                return refused("account-changed")
            return Saved(await free(change, before))

        return await self.on_one(actor, account_id, work)

    async def on_one(self, actor: Actor, account_id: str, work: Callable[[Change, Account, object], Awaitable[T]]) -> T:
        """What `work` answers for an account, read under its domain's lock, and the domain's row."""

        async def found(change: Change) -> T:
            of_account = ACCOUNTS.c.account_id == account_id
            name = await change.connection.scalar(select(ACCOUNTS.c.domain).where(of_account))
            if name is None:
                raise NotThere("account")
            domain = await change.lock(name)
            (account,) = await rows.accounts(change.connection, of_account)
            return await work(change, account, domain)

        return await self.store.change(actor, found)


async def write_new(change: Change, made: Sequence[Account]) -> None:
    """Write, audit and publish new accounts."""
    await writing.add_accounts(change, made)
    await change.record(
        *(Entry("account.added", one.number, one.domain, None, making.told(one)) for one in made),
    )
    brand = await change.brand(made[0].reseller)
    await change.publish([record_of(one, brand) for one in made])


async def write_changed(change: Change, before: Account, after: Account, what: str) -> None:
    """Write, audit and publish a changed account."""
    await writing.write_account(change, after)
    await change.record(Entry(what, after.number, after.domain, making.told(before), making.told(after)))
    await change.publish([record_of(after, await change.brand(after.reseller))])


async def free(change: Change, before: Account) -> Account:
    """Write, audit and publish the removal of an account, and its number available and kept back; what it is then."""
    after = replace(making.next_version(before, change.at), state="removed", device=None, tokens=())
    await writing.write_account(change, after)
    mine = NUMBERS.c.number == after.number
    await change.connection.execute(update(NUMBERS).where(mine).values(treatment="available"))
    await change.connection.execute(delete(KEPT_BACK).where(KEPT_BACK.c.number == after.number))
    kept = {"number": after.number, "domain": after.domain, "until": change.at + QUARANTINE}
    await change.connection.execute(insert(KEPT_BACK).values(kept))
    await change.record(Entry("account.removed", after.number, after.domain, making.told(before), None))
    await change.publish([removal_of(after, change.at)])
    return after
