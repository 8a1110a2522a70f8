"""What whoever holds the portal's database may do without a sign-in: make operators, and resellers.

The first sign-in is made by it, and so are those of `nativefax operators` and `nativefax resellers`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import connect, migrate, transaction
from services.portal.inventory import rows
from services.portal.inventory.checking import email_of, name_of
from services.portal.inventory.tables import DOMAINS, RESELLERS, USERS
from services.portal.inventory.views import User
from services.portal.inventory.writing import user_row
from services.portal.web.signing_in.passwords import Passwords, made_up
from services.portal.web.signing_in.people import People, Person
from services.portal.web.signing_in.recording import Deed, Line, record
from services.portal.web.signing_in.tables import CHOSEN_LANGUAGES, FIRST_PASSWORDS, OPERATORS, SESSIONS
from services.portal.web.signing_in.tokens import Tokens

SHELL: Final = "at the command line"


class Unfit(Exception):  # noqa: N818 - it says what it is
    """What was asked can't be done; the message says why, and what to do."""


@dataclass(frozen=True)
class Operator:
    """Somebody who runs the service."""

    email: str
    name: str
    chose_password: bool
    seen_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> "Operator":
        """As the database has it."""
        seen_at = datetime.fromtimestamp(row.seen_at, UTC) if row.seen_at else None
        return cls(row.email, row.name, not row.first, seen_at)


@dataclass(frozen=True)
class Reseller:
    """A reseller, its people who sign in, and how many domains it has."""

    name: str
    emails: tuple[str, ...]
    domains: int


class Provisioning:
    """Each method raises `DependencyAway` ("database"). `by` is who does it, for the audit log."""

    def __init__(self, engine: AsyncEngine, people: People, by: str) -> None:
        self._engine = engine
        self._by = f"{by}, {SHELL}"
        self.people = people
        self.tokens = Tokens(engine)

    async def add_operator(self, email: str, name: str) -> str:
        """The password of a new operator's sign-in, which they change at the first one.

        Raises:
            Unfit: The email or the name can't be used, or the email is an operator's.
        """
        email, name = _fit(email, name)
        if any(one.email == email for one in await self.operators()):
            raise Unfit(f"{email} is an operator already. Remove it first to make another password.")
        password = made_up()
        person = await self.people.add_operator(email, name, password, must_change=True)
        await self._noted(person, "operator.added")
        return password

    async def remove_operator(self, email: str) -> None:
        """End an operator's sign-in, and their sessions.

        Raises:
            Unfit: It is none.
        """
        found = [one for one in await self.people.known_by(email) if one.role == "operator"]
        if not found:
            raise Unfit(f"{email} is no operator. `nativefax operators list` shows who is.")
        async with transaction(self._engine) as connection:
            for table in (SESSIONS, FIRST_PASSWORDS, CHOSEN_LANGUAGES, OPERATORS):
                await connection.execute(delete(table).where(table.c.user_id == found[0].user_id))
        await self._noted(found[0], "operator.removed")

    async def operators(self) -> tuple[Operator, ...]:
        """All of them, by email."""
        seen = select(func.max(SESSIONS.c.seen_at)).where(SESSIONS.c.user_id == OPERATORS.c.user_id).scalar_subquery()
        first = select(func.count()).where(FIRST_PASSWORDS.c.user_id == OPERATORS.c.user_id).scalar_subquery()
        chosen = select(OPERATORS, seen.label("seen_at"), first.label("first")).order_by(OPERATORS.c.email)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(chosen)).all()
        return tuple(Operator.of(row) for row in rows)

    async def add_reseller(self, reseller: str, email: str, name: str, password: str | None = None) -> str | None:
        """The password of a reseller's first person; None if they could sign in before, and nothing is changed.

        With `password`, it is that one and stays; else it is made up, and changed at the first sign-in.

        Raises:
            Unfit: A name or the email can't be used.
        """
        email, name = _fit(email, name)
        if name_of(reseller) is None:
            raise Unfit("Write the reseller's name in 1 to 128 characters, on one line.")
        if any(one.reseller == reseller for one in await self.people.known_by(email)):
            return None
        async with transaction(self._engine) as connection:
            user = await put_reseller(connection, reseller, email, name)
        given = password or made_up()
        await self.people.set_password(user.user_id, given, must_change=password is None)
        await self._noted(Person(user.user_id, email, name, "reseller", reseller), "reseller.added")
        return given

    async def resellers(self) -> tuple[Reseller, ...]:
        """All of them, by name."""
        domains = select(func.count()).where(DOMAINS.c.reseller == RESELLERS.c.reseller).scalar_subquery()
        people = select(USERS.c.reseller, USERS.c.email).where(USERS.c.domain.is_(None)).order_by(USERS.c.email)
        async with transaction(self._engine) as connection:
            found = (await connection.execute(select(RESELLERS, domains.label("domains")))).all()
            emails = (await connection.execute(people)).all()
        return tuple(
            Reseller(row.reseller, tuple(one.email for one in emails if one.reseller == row.reseller), row.domains)
            for row in sorted(found, key=lambda one: str(one.reseller))
        )

    async def _noted(self, person: Person, what: Deed) -> None:
        async with transaction(self._engine) as connection:
            await record(connection, person, utc_now(), Line(what, by=self._by))


@asynccontextmanager
async def provisioning(url: str, by: str) -> AsyncIterator[Provisioning]:
    """On the portal's database, which is brought to its newest version.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    engine = connect(url)
    try:
        await migrate(engine, "services.portal")
        yield Provisioning(engine, People(engine, Passwords()), by)
    finally:
        await engine.dispose()


async def put_reseller(connection: AsyncConnection, reseller: str, email: str, name: str) -> User:
    """A reseller with white-label access, and one of its own people; each is made if it isn't there."""
    known = await rows.users(connection, USERS.c.reseller == reseller, USERS.c.email == email, USERS.c.domain.is_(None))
    if known:
        return known[0]
    user = User(str(uuid4()), reseller, None, None, name, email, "reseller", fax_only=False)
    if await connection.scalar(select(RESELLERS.c.reseller).where(RESELLERS.c.reseller == reseller)) is None:
        await connection.execute(insert(RESELLERS), {"reseller": reseller, "white_label": True})
    await connection.execute(insert(USERS), user_row(user, utc_now()))
    return user


def _fit(email: str, name: str) -> tuple[str, str]:
    fit_email, fit_name = email_of(email.casefold()), name_of(name)
    if fit_email is None:
        raise Unfit(f"{email!r} is no email address. Write it like name@example.com.")
    if fit_name is None:
        raise Unfit("Write a name of 1 to 128 characters, on one line.")
    return fit_email, fit_name
