"""Who can sign in, as what: users of the inventory that have a password, and operators."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import uuid4

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, delete, func, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services._runtime.database import reading, transaction
from services._runtime.translating import N_
from services.portal.inventory.actors import Actor
from services.portal.inventory.tables import USERS
from services.portal.web.signing_in.ending import Ended, Noting, end_sessions, end_tokens, unnoted
from services.portal.web.signing_in.passwords import Passwords
from services.portal.web.signing_in.tables import FIRST_PASSWORDS, OPERATORS

Role = Literal["reseller", "manager", "user", "operator"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

ROLE_NAMES: Final[dict[Role, str]] = {
    "reseller": N_("Reseller"),
    "manager": N_("Office manager"),
    "user": N_("Fax user"),
    "operator": N_("Operator"),
}

_AT_MOST: Final = 5
"""Domains of one reseller in which one email may sign in: each costs a hash."""


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, and what is theirs."""

    user_id: str
    email: str
    name: str
    role: Role
    reseller: str | None = None
    domain: str | None = None
    must_change: bool = False

    def actor(self) -> Actor:
        """As the inventory knows them. An operator is nobody there: no rule lets one come this far."""
        if self.role == "operator" or self.reseller is None:
            raise PermissionError("an operator has no inventory")
        return Actor(self.user_id, self.name, self.role, self.reseller, self.domain)


class People:
    """The sign-ins. Every method raises `DependencyAway` ("database")."""

    def __init__(self, engine: AsyncEngine, passwords: Passwords) -> None:
        self._engine = engine
        self._passwords = passwords

    async def recognise(self, email: str, password: str) -> Person | None:
        """Who that is; None, no sooner, if it is nobody."""
        async with reading(self._engine) as connection:
            rows = await _all(connection, email=email.strip().casefold())
        known = _signing_in(rows)
        for row in known:
            if await self._passwords.is_right(password, row.password_hash):
                return _person(row)
        if not known:
            await self._passwords.is_right(password, None)
        return None

    async def known_by(self, email: str) -> tuple[Person, ...]:
        """Who signs in with that email."""
        async with transaction(self._engine) as connection:
            rows = await _all(connection, email=email.strip().casefold())
        return tuple(_person(row) for row in _signing_in(rows))

    async def set_password(
        self, user_id: str, password: str, *, must_change: bool = False, noting: Noting = unnoted
    ) -> Ended:
        """A new password: every session of theirs ends. Made by somebody else (`must_change`), so do their tokens."""
        hashed = await self._passwords.hash(password)
        async with transaction(self._engine) as connection:
            for table in (USERS, OPERATORS):
                row = update(table).where(table.c.user_id == user_id)
                await connection.execute(row.values(password_hash=hashed))
            sessions = await end_sessions(connection, user_id)
            await connection.execute(delete(FIRST_PASSWORDS).where(FIRST_PASSWORDS.c.user_id == user_id))
            if must_change:
                await connection.execute(insert(FIRST_PASSWORDS), {"user_id": user_id})
            ended = Ended(sessions, await end_tokens(connection, user_id) if must_change else 0)
            await noting(connection, ended)
        return ended

    async def forget_password(self, user_id: str, *, noting: Noting = unnoted) -> None:
        """Let a user sign in no more; their sessions end now, and their tokens for good."""
        async with transaction(self._engine) as connection:
            await connection.execute(update(USERS).where(USERS.c.user_id == user_id).values(password_hash=None))
            ended = Ended(await end_sessions(connection, user_id), await end_tokens(connection, user_id))
            await noting(connection, ended)

    async def who_sign_in(self, reseller: str, domain: str) -> frozenset[str]:
        """The ids of a domain's users who have a password."""
        theirs = (USERS.c.reseller == reseller) & (USERS.c.domain == domain) & USERS.c.password_hash.is_not(None)
        async with reading(self._engine) as connection:
            return frozenset(await connection.scalars(select(USERS.c.user_id).where(theirs)))

    async def add_operator(self, email: str, name: str, password: str, *, must_change: bool = False) -> Person:
        """Let somebody sign in who runs the service."""
        hashed = await self._passwords.hash(password)
        row = {"user_id": str(uuid4()), "email": email.strip().casefold(), "name": name, "password_hash": hashed}
        async with transaction(self._engine) as connection:
            await connection.execute(insert(OPERATORS), row)
            if must_change:
                await connection.execute(insert(FIRST_PASSWORDS), {"user_id": row["user_id"]})
        return Person(row["user_id"], row["email"], name, "operator", must_change=must_change)

    async def is_anybody(self) -> bool:
        """Whether somebody can sign in at all."""
        async with reading(self._engine) as connection:
            users = select(func.count()).select_from(USERS).where(USERS.c.password_hash.is_not(None))
            operators = select(func.count()).select_from(OPERATORS)
            return bool(await connection.scalar(users) or await connection.scalar(operators))


async def unchanged(connection: AsyncConnection, person: Person) -> bool:
    """Whether they sign in as before, with no password that somebody made since; nor can one be made meanwhile."""
    held = select(USERS.c.user_id).where(USERS.c.user_id == person.user_id).with_for_update()
    await connection.execute(held)
    now = await person_of(connection, person.user_id)
    return now is not None and now.must_change == person.must_change


async def person_of(connection: AsyncConnection, user_id: str) -> Person | None:
    """Who that is now: a user who was removed, or lost their password, is nobody."""
    rows = await _all(connection, user_id=user_id)
    return _person(rows[0]) if rows and rows[0].password_hash else None


def _signing_in(rows: Iterable[Row[tuple[object, ...]]]) -> list[Row[tuple[object, ...]]]:
    """Those with a password, a few of each reseller: none can crowd out another's people, or an operator."""
    counts: Counter[object] = Counter()
    found = []
    for row in rows:
        if row.password_hash and counts[row.reseller] < _AT_MOST:
            counts[row.reseller] += 1
            found.append(row)
    return found


async def _all(connection: AsyncConnection, *, user_id: str = "", email: str = "") -> list[Row[tuple[object, ...]]]:
    users, operators = _users(), _operators()
    if user_id:
        users, operators = users.where(USERS.c.user_id == user_id), operators.where(OPERATORS.c.user_id == user_id)
    else:
        users, operators = users.where(USERS.c.email_folded == email), operators.where(OPERATORS.c.email == email)
    return [*await connection.execute(users), *await connection.execute(operators)]


def _users() -> Select[tuple[object, ...]]:
    columns = (USERS.c[one] for one in ("user_id", "email", "name", "role", "reseller", "domain", "password_hash"))
    return select(*columns, _must_change(USERS.c.user_id).label("must_change"))


def _operators() -> Select[tuple[object, ...]]:
    columns = (OPERATORS.c[one] for one in ("user_id", "email", "name", "password_hash"))
    role, nobodys = literal("operator").label("role"), (null().label("reseller"), null().label("domain"))
    return select(*columns, role, *nobodys, _must_change(OPERATORS.c.user_id).label("must_change"))


def _must_change(user_id: ColumnElement[Any]) -> ScalarSelect[int]:
    return select(func.count()).where(FIRST_PASSWORDS.c.user_id == user_id).scalar_subquery()


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(row.user_id, row.email, row.name, row.role, row.reseller, row.domain, bool(row.must_change))
