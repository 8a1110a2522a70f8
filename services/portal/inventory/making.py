"""Accepted → accounts: ids, versions, enrolment codes, and what the audit log says of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from services._runtime.enrolment import mint_code
from services.portal.inventory.domain import Accepted, DeviceFields, Situation
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.views import Account, Device, Saved, Secret

CODE_DAYS: Final = 7
"""How long an enrolment code works, as with `nativefax accounts enrol`."""


def made(accepted: Accepted, at: Situation, now: datetime) -> Saved:
    """A new account; its device has a new code."""
    device, secret = fresh_code(accepted.device, now) if accepted.device else (None, None)
    account = Account(
        account_id=str(uuid4()),
        number=accepted.number,
        domain=at.domain,
        reseller=at.reseller,
        state="active",
        version=1,
        user=accepted.user,
        methods=accepted.methods,
        handling=accepted.handling,
        settings=accepted.settings,
        device=device,
        tokens=(),
        created_at=now,
        changed_at=now,
    )
    return Saved(account, secret)


def changed(account: Account, accepted: Accepted, now: datetime) -> Saved:
    """The account after a change; another serial number is another device, which gets a code of its own."""
    device, secret = _device(account, accepted.device, now)
    after = replace(
        account,
        user=accepted.user,
        device=device,
        methods=accepted.methods,
        handling=accepted.handling,
        settings=accepted.settings,
    )
    return Saved(account, None) if after == account else Saved(next_version(after, now), secret)


def _device(account: Account, wanted: DeviceFields | None, now: datetime) -> tuple[Device | None, Secret | None]:
    known = account.device
    if wanted is None:
        return None, None
    if known is not None and known.serial == wanted.serial:
        return replace(known, device_type=wanted.device_type), None
    return fresh_code(wanted, now)


def fresh_code(device: DeviceFields, now: datetime, days: int = CODE_DAYS) -> tuple[Device, Secret]:
    """The device with a new enrolment code, and that code, to show once."""
    code, until = mint_code(), now + timedelta(days=days)
    return Device(device.device_type, device.serial, code.sha256, until), Secret(code.text, until)


def next_version(account: Account, now: datetime) -> Account:
    """The account, changed once more."""
    return replace(account, version=account.version + 1, changed_at=now)


def told(account: Account) -> dict[str, Any]:
    """What the audit log says of an account: no secrets, and settings only where they aren't the default."""
    device = account.device
    return {
        "state": account.state,
        "version": account.version,
        "user": {"name": account.user.name, "email": account.user.email} if account.user else None,
        "methods": list(account.methods),
        "handling": account.handling,
        "device": {"type": device.device_type, "serial": device.serial} if device else None,
        "tokens": [one.token_id for one in account.tokens],
        "settings": FaxSettings.model_dump(account.settings, mode="json", exclude_defaults=True),
    }
