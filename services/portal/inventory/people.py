"""Users: added, changed, removed. An account's record carries its primary user, so it is published anew."""

from dataclasses import dataclass, replace
from typing import Final, cast
from uuid import uuid4

from sqlalchemy import delete, select, update

from services.portal.inventory import making, rows, writing
from services.portal.inventory.accounts import write_changed
from services.portal.inventory.actors import Actor, NotThere, Role
from services.portal.inventory.checking import email_of, folded, name_of
from services.portal.inventory.forms import UserForm
from services.portal.inventory.refusals import Refusal, Refused, refuse, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, USERS
from services.portal.inventory.views import User

GIVEN: Final[dict[Role, frozenset[str]]] = {
    "reseller": frozenset({"manager", "user"}),
    "manager": frozenset({"manager", "user"}),
    "user": frozenset(),
}
"""The roles that each role may give to a domain's users."""


@dataclass(frozen=True)
class Users:
    """What is done to users. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def add(self, actor: Actor, domain: str, form: UserForm) -> User | Refused:
        """A new user of a domain, without a password."""
        actor.must("change-users")

        async def work(change: Change) -> User | Refused:
            row = await change.lock(domain)
            user = _made(actor, User(str(uuid4()), row.reseller, domain, None, "", "", "user", fax_only=False), form)
            if isinstance(user, Refused):
                return user
            if taken := await _taken(change, user):
                return taken
            await writing.add_users(change, [user])
            await change.record(Entry("user.added", user.email, domain, None, _told(user)))
            return user

        return await self.store.change(actor, work)

    async def change(self, actor: Actor, user_id: str, form: UserForm) -> User | Refused:
        """Change a user; their accounts follow."""
        actor.must("change-users")

        async def work(change: Change) -> User | Refused:
            before = await _locked(change, user_id)
            after = _made(actor, before, form)
            if isinstance(after, Refused):
                return after
            if taken := await _taken(change, after):
                return taken
            if after != before:
                await _write(change, before, after)
            return after

        return await self.store.change(actor, work)

    async def remove(self, actor: Actor, user_id: str) -> User | Refused:
        """Remove a user who is nobody's primary user."""
        actor.must("change-users")

        async def work(change: Change) -> User | Refused:
            user = await _locked(change, user_id)
            theirs = ACCOUNTS.c.user_id == user_id
            active = await rows.accounts(change.connection, theirs, ACCOUNTS.c.state == "active")
            if active:
                return refused("user-in-use", numbers=", ".join(one.number for one in active[:3]))
            await change.connection.execute(update(ACCOUNTS).where(theirs).values(user_id=None))
            await change.connection.execute(delete(USERS).where(USERS.c.user_id == user_id))
            await change.record(Entry("user.removed", user.email, user.domain, _told(user), None))
            return user

        return await self.store.change(actor, work)


async def _locked(change: Change, user_id: str) -> User:
    """A domain's user, under the domain's lock."""
    domain = await change.connection.scalar(select(USERS.c.domain).where(USERS.c.user_id == user_id))
    if domain is None:  # nobody, or one of the reseller's own people
        raise NotThere("user")
    await change.lock(domain)
    found = await rows.users(change.connection, USERS.c.user_id == user_id)
    if not found:
        raise NotThere("user")
    return found[0]


async def _write(change: Change, before: User, after: User) -> None:
    mine = USERS.c.user_id == after.user_id
    await change.connection.execute(update(USERS).where(mine).values(writing.user_columns(after)))
    await change.record(Entry("user.changed", after.email, after.domain, _told(before), _told(after)))
    if (before.extension, before.name, before.email) == (after.extension, after.name, after.email):
        return
    theirs = ACCOUNTS.c.user_id == after.user_id
    for account in await rows.accounts(change.connection, theirs, ACCOUNTS.c.state == "active"):
        earlier = replace(account, user=before)
        await write_changed(change, earlier, making.next_version(account, change.at), "account.changed")


def _made(actor: Actor, user: User, form: UserForm) -> User | Refused:
    """The user as the form says, or every reason why not."""
    name, email = name_of(form.name), email_of(form.email)
    extension = name_of(form.extension) if form.extension.strip() else None
    reasons: list[Refusal] = []
    if name is None:
        reasons.append(refuse("name-invalid"))
    if email is None:
        reasons.append(refuse("email-invalid"))
    if extension is None and form.extension.strip():
        reasons.append(refuse("extension-invalid"))
    if form.role not in GIVEN[actor.role]:
        reasons.append(refuse("role-not-given"))
    if reasons or name is None or email is None:
        return Refused(tuple(reasons))
    role, fax_only = cast("Role", form.role), user.fax_only and extension is None
    return replace(user, name=name, email=email, extension=extension, role=role, fax_only=fax_only)


async def _taken(change: Change, user: User) -> Refused | None:
    others = (USERS.c.domain == user.domain, USERS.c.user_id != user.user_id)
    by_email = await rows.users(change.connection, *others, USERS.c.email_folded == folded(user.email))
    if by_email:
        return refused("email-taken", name=by_email[0].name)
    if user.extension is None:
        return None
    by_extension = await rows.users(change.connection, *others, USERS.c.extension == user.extension)
    return refused("extension-taken", name=by_extension[0].name) if by_extension else None


def _told(user: User) -> dict[str, object]:
    return {"name": user.name, "email": user.email, "extension": user.extension, "role": user.role}
