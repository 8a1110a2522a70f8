"""What other stages learn of an account: its record on fax-accounts. Pure."""

from datetime import datetime

from schemas import accounts
from schemas.accounts import AtaDevice, Brand, FaxAccount, RemovedAccount
from services.portal.inventory.domain import QUARANTINE
from services.portal.inventory.forms import PORTALS_OWN
from services.portal.inventory.views import Account, User


def record_of(account: Account, brand: Brand) -> FaxAccount:
    """The record of an active account."""
    if account.user is None:
        raise ValueError("an active account has a primary user")
    return FaxAccount(
        account_id=account.account_id,
        version=account.version,
        fax_number=account.number,
        reseller=account.reseller,
        domain=account.domain,
        brand=brand,
        primary_user=_primary(account.user),
        methods=account.methods,
        handling=account.handling,
        ata=_ata(account),
        api_tokens=account.tokens,
        changed_at=account.changed_at,
        **account.settings.model_dump(exclude=set(PORTALS_OWN)),
    )


def _primary(user: User) -> accounts.User:
    return accounts.User(extension=user.extension, name=user.name, email=user.email)


def _ata(account: Account) -> AtaDevice | None:
    found = account.device
    if found is None:
        return None
    return AtaDevice(
        device_type=found.device_type,
        serial=found.serial,
        enrolment_sha256=found.enrolment_sha256,
        enrolment_until=found.enrolment_until,
    )


def removal_of(account: Account, at: datetime) -> RemovedAccount:
    """The record of a number whose account is removed; `account` is as it is after that."""
    return RemovedAccount(
        account_id=account.account_id,
        version=account.version,
        fax_number=account.number,
        reseller=account.reseller,
        domain=account.domain,
        removed_at=at,
        quarantined_until=at + QUARANTINE,
    )
