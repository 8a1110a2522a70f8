"""Rows of the database → what the inventory tells."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.accounts import ApiToken
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.tables import ACCOUNTS, DEVICES, USERS
from services.portal.inventory.views import Account, Audited, Device, User

AT_ONCE: Final = 500
"""Values of one IN (…), well below what a statement may have."""

TOKENS: Final = TypeAdapter(tuple[ApiToken, ...])

T = TypeVar("T")

_ACCOUNTS: Final[Select[Any]] = select(
    ACCOUNTS,
    *(USERS.c[name].label(f"user_{name}") for name in ("reseller", "domain", "extension", "name", "email", "role")),
    USERS.c.fax_only.label("user_fax_only"),
    DEVICES.c.device_type,
    DEVICES.c.serial,
    DEVICES.c.enrolment_sha256,
    DEVICES.c.enrolment_until,
).select_from(ACCOUNTS.outerjoin(USERS).outerjoin(DEVICES))


def parts(values: Iterable[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """`values`, so many at a time."""
    every = list(values)
    yield from (every[start : start + size] for start in range(0, len(every), size))


async def accounts(
    connection: AsyncConnection, *conditions: ColumnElement[bool], limit: int | None = None
) -> tuple[Account, ...]:
    """The accounts that meet all conditions, by number; of one number the newest last."""
    order = (ACCOUNTS.c.number, ACCOUNTS.c.created_at, ACCOUNTS.c.account_id)
    found = await connection.execute(_ACCOUNTS.where(*conditions).order_by(*order).limit(limit))
    return tuple(account_of(row) for row in found)


async def users(
    connection: AsyncConnection, *conditions: ColumnElement[bool], limit: int | None = None
) -> tuple[User, ...]:
    """The users that meet all conditions, by name."""
    chosen = select(USERS).where(*conditions).order_by(USERS.c.name_folded, USERS.c.user_id).limit(limit)
    return tuple(user_of(row) for row in await connection.execute(chosen))


def user_of(row: Row[Any]) -> User:
    """A user."""
    return User(row.user_id, row.reseller, row.domain, row.extension, row.name, row.email, row.role, row.fax_only)


def account_of(row: Row[Any]) -> Account:
    """An account, with user and device."""
    return Account(
        account_id=row.account_id,
        number=row.number,
        domain=row.domain,
        reseller=row.reseller,
        state=row.state,
        version=row.version,
        user=_primary(row),
        methods=tuple(row.methods.split(" ")),
        handling=row.handling,
        settings=FaxSettings.model_validate_json(row.settings),
        device=Device(row.device_type, row.serial, row.enrolment_sha256, row.enrolment_until) if row.serial else None,
        tokens=TOKENS.validate_json(row.tokens),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _primary(row: Row[Any]) -> User | None:
    if row.user_id is None:
        return None
    return User(
        user_id=row.user_id,
        reseller=row.user_reseller,
        domain=row.user_domain,
        extension=row.user_extension,
        name=row.user_name,
        email=row.user_email,
        role=row.user_role,
        fax_only=row.user_fax_only,
    )


def audited_of(row: Row[Any]) -> Audited:
    """An entry of the audit log."""
    return Audited(
        id=row.id,
        at=row.at,
        user_id=row.user_id,
        name=row.name,
        domain=row.domain,
        what=row.what,
        subject=row.subject,
        before=json.loads(row.before) if row.before else None,
        after=json.loads(row.after) if row.after else None,
    )
