"""What the pages and files ask for, as typed: nothing here is checked yet. And the optional settings of an account."""

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from schemas.accounts import LinkAccess, Region, TimeZone
from schemas.base import CallerId, EmailAddress, Frozen, Text
from services._runtime.texts import turns


def _straight(text: str) -> str:
    if turns(text):
        raise ValueError("it turns the direction of text")
    return text


ImportMode = Literal["dry-run", "all-or-nothing", "good-rows"]


AddressOrDomain = Annotated[
    str,
    StringConstraints(pattern=r"^([^@\s<>\"(),:;\\\x00-\x1f]{1,64}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,253}$", max_length=254),
]
"""One email address, or every address of a domain, which is written alone."""


class FaxSettings(Frozen):
    """The optional settings of a fax account, as in `schemas.accounts.FaxAccount`, and those of `PORTALS_OWN`."""

    allowed_senders: tuple[EmailAddress, ...] = Field(default=(), max_length=50)
    notify: tuple[EmailAddress, ...] = Field(default=(), max_length=20)
    blocked_callers: tuple[CallerId, ...] = Field(default=(), max_length=100)
    blocked_destinations: tuple[Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,14}$")], ...] = Field(
        default=(), max_length=100
    )
    premium_destinations: bool = False
    region: Region = "US"
    cover_page: bool = False
    time_zone: TimeZone = "UTC"
    header_text: Annotated[Text, AfterValidator(_straight)] = ""
    retention_days: int = Field(default=365, ge=30, le=365)
    link_access: LinkAccess = "token"
    mail_forwarding: bool = True
    forward_to: tuple[AddressOrDomain, ...] = Field(default=(), max_length=50)


PORTALS_OWN: Final = frozenset({"mail_forwarding", "forward_to"})
"""Settings that no other stage asks about: whether a fax may be forwarded by mail, and to whom beside the office."""


@dataclass(frozen=True)
class PrimaryUser:
    """Who it is: a user's id, or an extension or a name as typed, or somebody else's name and email.

    The first that is given counts. An email that a user of the domain has means that user; any other makes a fax-only
    user.
    """

    user_id: str = ""
    written: str = ""
    name: str = ""
    email: str = ""

    @property
    def given(self) -> bool:
        """Whether anybody is named at all."""
        return any(one.strip() for one in (self.user_id, self.written, self.name, self.email))


@dataclass(frozen=True)
class AddAccount:
    """The dialog “Add a Fax Number”."""

    domain: str
    number: str
    user: PrimaryUser
    methods: tuple[str, ...]
    handling: str
    device_type: str = ""
    serial: str = ""
    settings: dict[str, object] = field(default_factory=dict)
    """Fields of `FaxSettings`; those left out have their defaults."""


@dataclass(frozen=True)
class ChangeAccount:
    """A change of an account as it was read at `version`; None leaves a field as it is."""

    account_id: str
    version: int
    user: PrimaryUser | None = None
    methods: tuple[str, ...] | None = None
    handling: str | None = None
    device_type: str | None = None
    serial: str | None = None
    settings: dict[str, object] | None = None
    """The fields of `FaxSettings` that change."""


@dataclass(frozen=True)
class UserForm:
    """A user as typed; an empty extension is none."""

    name: str
    email: str
    extension: str = ""
    role: str = "user"


@dataclass(frozen=True)
class MoveForm:
    """Numbers into another domain of the reseller.

    Those that are fax numbers *go on* if both domains are one customer's: each gets an account there at once, whose
    primary user is `user`, or if none is given whoever has the same email there.
    """

    numbers: tuple[str, ...]
    target: str
    goes_on: bool
    user: PrimaryUser = PrimaryUser()


@dataclass(frozen=True)
class ReassignForm:
    """Fax numbers of a domain to another primary user."""

    numbers: tuple[str, ...]
    user: PrimaryUser
