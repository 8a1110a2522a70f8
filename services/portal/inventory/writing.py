"""Writes accounts, many in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update

from services.portal.inventory import rows
from services.portal.inventory.checking import folded, serial_folded
from services.portal.inventory.store import Change
from services.portal.inventory.tables import ACCOUNTS, DEVICES, NUMBERS, USERS
from services.portal.inventory.views import Account, User


async def add_users(change: Change, users: Sequence[User]) -> None:
    """Insert users."""
    if users:
        await change.connection.execute(insert(USERS), [user_row(one, change.at) for one in users])


def user_row(user: User, at: datetime) -> dict[str, Any]:
    """A user as a row, without a password."""
    return {**user_columns(user), "user_id": user.user_id, "created_at": at}


def user_columns(user: User) -> dict[str, Any]:
    """What can change of a user."""
    return {
        "reseller": user.reseller,
        "domain": user.domain,
        "extension": user.extension,
        "name": user.name,
        "name_folded": folded(user.name),
        "email": user.email,
        "email_folded": folded(user.email),
        "role": user.role,
        "fax_only": user.fax_only,
    }


async def add_accounts(change: Change, made: Sequence[Account]) -> None:
    """Insert accounts with their devices; their numbers become fax numbers."""
    if not made:
        return
    constant = ("account_id", "number", "domain", "reseller", "created_at")
    every = [{**_columns(one), **{name: getattr(one, name) for name in constant}} for one in made]
    await change.connection.execute(insert(ACCOUNTS), every)
    devices = [_device(one) for one in made if one.device is not None]
    if devices:
        devices.sort(
            key=lambda one: str(one["serial_folded"])
        )  # two files with the same serials wait, not for each other
        await change.connection.execute(insert(DEVICES), devices)
    for part in rows.parts([one.number for one in made]):
        await change.connection.execute(update(NUMBERS).where(NUMBERS.c.number.in_(part)).values(treatment="fax"))


async def write_account(change: Change, account: Account) -> None:
    """Write an account that was read under its domain's lock. Removed, its device goes."""
    mine = ACCOUNTS.c.account_id == account.account_id
    await change.connection.execute(update(ACCOUNTS).where(mine).values(_columns(account)))
    await change.connection.execute(delete(DEVICES).where(DEVICES.c.account_id == account.account_id))
    if account.device is not None:
        await change.connection.execute(insert(DEVICES), [_device(account)])


def _columns(account: Account) -> dict[str, Any]:
    return {
        "state": account.state,
        "version": account.version,
        "user_id": account.user.user_id if account.user else None,
        "methods": " ".join(account.methods),
        "handling": account.handling,
        "settings": account.settings.model_dump_json(),
        "tokens": rows.TOKENS.dump_json(account.tokens).decode(),
        "changed_at": account.changed_at,
    }


def _device(account: Account) -> dict[str, Any]:
    device = account.device
    if device is None:
        raise ValueError("no device")
    return {
        "account_id": account.account_id,
        "device_type": device.device_type,
        "serial": device.serial,
        "serial_folded": serial_folded(device.serial),
        "enrolment_sha256": device.enrolment_sha256,
        "enrolment_until": device.enrolment_until,
    }
