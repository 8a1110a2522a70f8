"""What the API tells."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from schemas.accounts import ApiToken, Handling, Method
from services.portal.inventory import views
from services.portal.inventory.actors import Role
from services.portal.inventory.domain import QUARANTINE
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.views import LiveState, State


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Me(Told):
    """As whom a token acts."""

    name: str
    email: str
    role: str
    reseller: str | None
    domain: str | None
    token: str
    expires_at: datetime | None


class Domain(Told):
    """A customer. `maximum` of fax numbers: 0: none are allowed; null: any number is."""

    name: str
    region: str
    maximum: int | None
    used: int


class Domains(Told):
    """All of the caller's, by name."""

    domains: list[Domain]


class PhoneNumber(Told):
    """A number of a domain. `why_not` says why it can't become a fax number now."""

    number: str
    domain: str
    treatment: str
    why_not: str | None


class PhoneNumbers(Told):
    """A page of numbers; ask for those `after` the last while there are more."""

    numbers: list[PhoneNumber]
    more: bool


class Added(Told):
    """The numbers that were added, as E.164."""

    numbers: list[str]


class Treatment(Told):
    """What a call to a number meets."""

    number: str
    treatment: str


class User(Told):
    """Somebody who uses a domain."""

    user_id: str
    domain: str | None
    extension: str | None
    name: str
    email: str
    role: Role
    fax_only: bool
    signs_in: bool = False


class Users(Told):
    """A domain's, by name."""

    users: list[User]


class FirstPassword(Told):
    """A password that is told this once, and changed at the first sign-in."""

    password: str


class Device(Told):
    """An adapter as it is kept."""

    device_type: str
    serial: str
    enrolment_until: datetime | None


class Token(Told):
    """A token of the fax API, without what is secret of it."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None

    @classmethod
    def of(cls, one: ApiToken) -> "Token":
        """As the account has it."""
        return cls(name=one.token_id, scopes=one.scopes, expires_at=one.expires_at)


class Primary(Told):
    """A primary user."""

    user_id: str
    extension: str | None
    name: str
    email: str


class Account(Told):
    """A fax account; `live` says whether every part of the service works by it as it is now."""

    account_id: str
    fax_number: str
    domain: str
    state: State
    version: int
    live: LiveState
    primary_user: Primary | None
    methods: tuple[Method, ...]
    handling: Handling
    ata: Device | None
    settings: FaxSettings
    tokens: list[Token]
    created_at: datetime
    changed_at: datetime
    quarantined_until: datetime | None = Field(description="removed: kept from other customers until then")

    @classmethod
    def of(cls, one: views.Account, live: LiveState) -> "Account":
        """As the inventory has it."""
        return cls(
            account_id=one.account_id,
            fax_number=one.number,
            domain=one.domain,
            state=one.state,
            version=one.version,
            live=live,
            primary_user=Primary.model_validate(one.user) if one.user else None,
            methods=one.methods,
            handling=one.handling,
            ata=Device.model_validate(one.device) if one.device else None,
            settings=one.settings,
            tokens=[Token.of(token) for token in one.tokens],
            created_at=one.created_at,
            changed_at=one.changed_at,
            quarantined_until=one.changed_at + QUARANTINE if one.state == "removed" else None,
        )


class Accounts(Told):
    """A page of accounts, by number; ask for those `after` the last while there are more."""

    accounts: list[Account]
    more: bool


class Secret(Told):
    """An enrolment code or a token, shown this once."""

    text: str
    until: datetime | None


class SavedAccount(Told):
    """An account as it is now; `secret` if one was made for it."""

    account: Account
    secret: Secret | None


class DeviceTypes(Told):
    """What an ATA may be."""

    device_types: list[str]


class Hold(Told):
    """What retention keeps, whatever its age. `domain` is empty where what was lifted was of none.

    What was set or lifted is `in_force` a minute later, when retention knows of it for sure: ask for the list.
    """

    scope: str
    domain: str
    reason: str
    by: str
    at: datetime
    in_force: bool = True


class Holds(Told):
    """All that are set, newest first."""

    holds: list[Hold]
