"""Reads the situation that a decision is made on: batched, so that 10,000 rows are a handful of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory import rows
from services.portal.inventory.checking import folded, number_of, serial_folded
from services.portal.inventory.device_types import listed
from services.portal.inventory.domain import NumberFacts, People, Situation
from services.portal.inventory.forms import AddAccount, ChangeAccount, PrimaryUser
from services.portal.inventory.tables import (
    ACCOUNTS,
    DEVICES,
    NUMBERS,
    QUARANTINE,
    RESELLERS,
    USERS,
)
from services.portal.inventory.views import User

MANY: Final = 100
"""So many people to look for, and all of the domain's are read."""


@dataclass(frozen=True)
class Named:
    """What the wanted accounts name; `own` is the account whose serial number is its own."""

    numbers: frozenset[str]
    users: tuple[PrimaryUser, ...]
    serials: frozenset[str]
    own: str | None = None

    @classmethod
    def by(cls, forms: Sequence[AddAccount], region: str) -> "Named":
        """By accounts to add."""
        numbers = (number_of(one.number, region) for one in forms)
        return cls(
            frozenset(one for one in numbers if one),
            tuple(one.user for one in forms),
            frozenset(serial_folded(one.serial) for one in forms) - {""},
        )

    @classmethod
    def by_change(cls, form: ChangeAccount) -> "Named":
        """By a change of an account."""
        serials = frozenset({serial_folded(form.serial or "")}) - {""}
        return cls(frozenset(), (form.user,) if form.user else (), serials, form.account_id)


async def situation(connection: AsyncConnection, domain: Any, named: Named) -> Situation:
    """What `domain`, a locked row, and all that is named are like."""
    white_label = await connection.scalar(
        select(RESELLERS.c.white_label).where(RESELLERS.c.reseller == domain.reseller)
    )
    return Situation(
        domain=domain.domain,
        reseller=domain.reseller,
        white_label=bool(white_label),
        region=domain.region,
        maximum=domain.maximum,
        used=await used(connection, domain.domain),
        numbers=await _numbers(connection, domain.domain, named.numbers),
        users=People.of(await _people(connection, domain.domain, named.users)),
        serials=await _serials(connection, named),
        device_types=frozenset((await listed(connection, domain.reseller)).all),
    )


async def used(connection: AsyncConnection, domain: str) -> int:
    """How many active accounts a domain has."""
    mine = (ACCOUNTS.c.domain == domain, ACCOUNTS.c.state == "active")
    return await connection.scalar(select(func.count()).select_from(ACCOUNTS).where(*mine)) or 0


async def number_facts(
    connection: AsyncConnection, domain: str, *conditions: ColumnElement[bool], limit: int | None = None
) -> tuple[NumberFacts, ...]:
    """A domain's numbers that meet the conditions, in order."""
    active = (ACCOUNTS.c.number == NUMBERS.c.number) & (ACCOUNTS.c.state == "active")
    others = (QUARANTINE.c.number == NUMBERS.c.number) & (QUARANTINE.c.domain != NUMBERS.c.domain)
    chosen = (
        select(NUMBERS.c.number, NUMBERS.c.treatment, ACCOUNTS.c.account_id, QUARANTINE.c.until)
        .select_from(NUMBERS.outerjoin(ACCOUNTS, active).outerjoin(QUARANTINE, others))
        .where(NUMBERS.c.domain == domain, *conditions)
        .order_by(NUMBERS.c.number)
        .limit(limit)
    )
    found = await connection.execute(chosen)
    return tuple(NumberFacts(row.number, row.treatment, row.account_id is not None, row.until) for row in found)


async def _numbers(connection: AsyncConnection, domain: str, wanted: Iterable[str]) -> dict[str, NumberFacts]:
    found: dict[str, NumberFacts] = {}
    for part in rows.parts(wanted):
        found |= {one.number: one for one in await number_facts(connection, domain, NUMBERS.c.number.in_(part))}
    return found


async def _people(connection: AsyncConnection, domain: str, wanted: Sequence[PrimaryUser]) -> tuple[User, ...]:
    mine = USERS.c.domain == domain
    if len(wanted) > MANY:
        return await rows.users(connection, mine)
    if not wanted:
        return ()
    written = [one.written.strip() for one in wanted]
    alike = or_(
        USERS.c.user_id.in_([one.user_id for one in wanted]),
        USERS.c.extension.in_({*written, *(one.partition(" ")[0] for one in written)}),
        USERS.c.name_folded.in_({folded(one) for one in written}),
        USERS.c.email_folded.in_({folded(one.email) for one in wanted}),
    )
    return await rows.users(connection, mine, alike)


async def _serials(connection: AsyncConnection, named: Named) -> set[str]:
    found: set[str] = set()
    for part in rows.parts(named.serials):
        others = select(DEVICES.c.serial_folded).where(DEVICES.c.serial_folded.in_(part))
        if named.own is not None:
            others = others.where(DEVICES.c.account_id != named.own)
        found |= set(await connection.scalars(others))
    return found
