"""What the pages list. Everything is asked for by somebody, and only what is theirs is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.accounts import Brand
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.checking import folded, serial_folded
from services.portal.inventory.domain import hindrance, why_not
from services.portal.inventory.held import held
from services.portal.inventory.situations import Named, number_facts, situation, used
from services.portal.inventory.store import Store
from services.portal.inventory.tables import (
    ACCOUNTS,
    BRANDS,
    DEVICES,
    DOMAINS,
    HOLDS,
    NUMBERS,
    USERS,
)
from services.portal.inventory.views import (
    Account,
    AccountDevice,
    Domain,
    Held,
    Numbers,
    PhoneNumber,
    Usage,
    User,
)

LIMIT: Final = 100
"""Rows of a list at a time."""


@dataclass(frozen=True)
class Reading:
    """The lists. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def domains(self, actor: Actor) -> tuple[Domain, ...]:
        """The actor's domains, by name."""
        actor.must("see-domain")
        mine = DOMAINS.c.reseller == actor.reseller
        if actor.role != "reseller":
            mine &= DOMAINS.c.domain == actor.domain
        active = (ACCOUNTS.c.domain == DOMAINS.c.domain) & (ACCOUNTS.c.state == "active")
        count = select(func.count()).select_from(ACCOUNTS).where(active).scalar_subquery()
        chosen = select(DOMAINS, count.label("used")).where(mine).order_by(DOMAINS.c.domain)

        async def work(connection: AsyncConnection) -> tuple[Domain, ...]:
            return tuple(_domain(row, row.used) for row in await connection.execute(chosen))

        return await self.store.read(work)

    async def domain(self, actor: Actor, name: str) -> Domain:
        """One of them."""
        actor.must("see-domain")

        async def work(connection: AsyncConnection) -> Domain:
            row = await theirs(connection, actor, name)
            return _domain(row, await used(connection, name))

        return await self.store.read(work)

    async def numbers(
        self, actor: Actor, domain: str, query: str = "", *, after: str = "", limit: int = LIMIT
    ) -> Numbers:
        """A domain's numbers whose digits contain those of `query`, after a number."""
        actor.must("see-numbers")
        digits = "".join(one for one in query if one.isdigit())
        chosen = (NUMBERS.c.number > after, NUMBERS.c.number.contains(digits))

        async def work(connection: AsyncConnection) -> Numbers:
            row = await theirs(connection, actor, domain)
            facts = await number_facts(connection, domain, *chosen, limit=limit + 1)
            at = await situation(connection, row, Named(frozenset(), (), frozenset()))
            now, barred = self.store.now(), hindrance(at)
            told = (PhoneNumber(one.number, domain, one.treatment, why_not(one, now) or barred) for one in facts)
            return Numbers(tuple(told)[:limit], Usage(at.used, at.maximum), barred, more=len(facts) > limit)

        return await self.store.read(work)

    async def users(self, actor: Actor, domain: str, query: str = "", *, limit: int = LIMIT) -> tuple[User, ...]:
        """A domain's users whose extension or email begins, or whose name contains, what is typed; by name."""
        actor.must("see-users")
        text = folded(query)
        alike = or_(
            USERS.c.extension.startswith(query.strip(), autoescape=True),
            USERS.c.name_folded.contains(text, autoescape=True),
            USERS.c.email_folded.startswith(text, autoescape=True),
        )

        async def work(connection: AsyncConnection) -> tuple[User, ...]:
            await theirs(connection, actor, domain)
            return await rows.users(connection, USERS.c.domain == domain, *([alike] if text else []), limit=limit)

        return await self.store.read(work)

    async def user(self, actor: Actor, user_id: str) -> User:
        """One user."""
        actor.must("see-users")

        return await self.store.read(lambda connection: _their_user(connection, actor, user_id))

    async def accounts(
        self, actor: Actor, domain: str, query: str = "", *, after: str = "", removed: bool = False, limit: int = LIMIT
    ) -> tuple[Account, ...]:
        """A domain's fax accounts (a user's: their own) after a number; or those that were removed."""
        actor.must("see-own-accounts")
        conditions = [
            ACCOUNTS.c.domain == domain,
            ACCOUNTS.c.state == ("removed" if removed else "active"),
            ACCOUNTS.c.number > after,
            *_own(actor),
            *([_like(query)] if query.strip() else []),
        ]

        async def work(connection: AsyncConnection) -> tuple[Account, ...]:
            await theirs(connection, actor, domain)
            return await rows.accounts(connection, *conditions, limit=limit)

        return await self.store.read(work)

    async def account(self, actor: Actor, account_id: str) -> Account:
        """One of them."""
        actor.must("see-own-accounts")

        async def work(connection: AsyncConnection) -> Account:
            found = await rows.accounts(connection, ACCOUNTS.c.account_id == account_id, *_own(actor))
            if not found or not actor.reaches(found[0].reseller, found[0].domain):
                raise NotThere("account")
            return found[0]

        return await self.store.read(work)

    async def accounts_with(self, actor: Actor, number: str) -> tuple[Account, ...]:
        """The accounts that have or had a number, oldest first; at most one is active."""
        actor.must("see-numbers")

        async def work(connection: AsyncConnection) -> tuple[Account, ...]:
            found = await rows.accounts(connection, ACCOUNTS.c.number == number)
            return tuple(one for one in found if actor.reaches(one.reseller, one.domain))

        return await self.store.read(work)

    async def accounts_of(self, actor: Actor, user_id: str) -> tuple[Account, ...]:
        """The active accounts of which a user is the primary user, by number."""
        actor.must("see-users")

        async def work(connection: AsyncConnection) -> tuple[Account, ...]:
            await _their_user(connection, actor, user_id)
            return await rows.accounts(connection, ACCOUNTS.c.user_id == user_id, ACCOUNTS.c.state == "active")

        return await self.store.read(work)

    async def devices(
        self, actor: Actor, domain: str, query: str = "", *, after: str = "", limit: int = LIMIT
    ) -> tuple[AccountDevice, ...]:
        """A domain's ATA devices, by number."""
        actor.must("see-numbers")
        conditions = [ACCOUNTS.c.domain == domain, DEVICES.c.serial.is_not(None), ACCOUNTS.c.number > after]
        if query.strip():
            conditions.append(_like(query))

        async def work(connection: AsyncConnection) -> tuple[AccountDevice, ...]:
            await theirs(connection, actor, domain)
            found = await rows.accounts(connection, *conditions, limit=limit)
            return tuple(
                AccountDevice(one.account_id, one.number, one.user.name if one.user else "", one.device)
                for one in found
                if one.device is not None
            )

        return await self.store.read(work)

    async def brand(self, reseller: str) -> Brand | None:
        """A reseller's face: everybody sees it, on the sign-in page too."""
        return await self._brand(BRANDS.c.reseller == reseller)

    async def brand_of_host(self, host: str) -> Brand | None:
        """The face that a portal host shows."""
        return await self._brand(BRANDS.c.portal_host == host.casefold())

    async def _brand(self, which: ColumnElement[bool]) -> Brand | None:
        async def work(connection: AsyncConnection) -> Brand | None:
            found = await connection.scalar(select(BRANDS.c.brand).where(which))
            return None if found is None else Brand.model_validate_json(found)

        return await self.store.read(work)

    async def holds(self, actor: Actor, domain: str | None = None) -> tuple[Held, ...]:
        """The holds of a domain, or of all that are the actor's; newest first."""
        actor.must("change-holds")
        wanted = domain or actor.domain
        chosen = select(HOLDS).where(HOLDS.c.reseller == actor.reseller, HOLDS.c.held)
        if wanted is not None:
            chosen = chosen.where(HOLDS.c.domain == wanted)
        chosen = chosen.order_by(HOLDS.c.at.desc(), HOLDS.c.scope)

        async def work(connection: AsyncConnection) -> tuple[Held, ...]:
            if wanted is not None:
                await theirs(connection, actor, wanted)
            return await held(connection, self.store.outbox, chosen, self.store.now())

        return await self.store.read(work)


async def theirs(connection: AsyncConnection, actor: Actor, domain: str) -> Any:
    """The row of a domain.

    Raises:
        NotThere: There is none, or it is somebody else's.
    """
    row = (await connection.execute(select(DOMAINS).where(DOMAINS.c.domain == domain))).one_or_none()
    if row is None or not actor.reaches(row.reseller, row.domain):
        raise NotThere("domain")
    return row


async def _their_user(connection: AsyncConnection, actor: Actor, user_id: str) -> User:
    found = await rows.users(connection, USERS.c.user_id == user_id)
    if not found or not actor.reaches(found[0].reseller, found[0].domain):
        raise NotThere("user")
    return found[0]


def _domain(row: Any, count: int) -> Domain:
    return Domain(row.domain, row.reseller, row.region, Usage(count, row.maximum))


def _own(actor: Actor) -> Sequence[ColumnElement[bool]]:
    return [ACCOUNTS.c.user_id == actor.user_id] if actor.only_own else []


def _like(query: str) -> ColumnElement[bool]:
    """Digits of the number, the primary user's name or email, or the serial number."""
    text, digits = folded(query), "".join(one for one in query if one.isdigit())
    ways = [
        USERS.c.name_folded.contains(text, autoescape=True),
        USERS.c.email_folded.startswith(text, autoescape=True),
        DEVICES.c.serial_folded.startswith(serial_folded(query), autoescape=True),
    ]
    if digits:
        ways.append(and_(ACCOUNTS.c.number.contains(digits)))
    return or_(*ways)
