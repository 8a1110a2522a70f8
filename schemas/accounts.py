"""Fax accounts, as the Manager Portal publishes them on the compacted topic `fax-accounts`."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.base import CallerId, EmailAddress, Event, Frozen, Instant, Name, PhoneNumber, Sha256, Text

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$")]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone; write it as Europe/Berlin or America/New_York") from error
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]


Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country by its ISO 3166-1 alpha-2 code."""

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A language by its tag (BCP 47)."""


class Brand(Frozen):
    """A reseller's face: the only name a customer ever sees."""

    name: Name
    logo_url: Annotated[str, StringConstraints(pattern=r"^https://[^\s\"'<>]{1,500}$")] | None = None
    colour: Colour = "#1f5fa8"
    portal_host: Host
    from_address: EmailAddress
    support: Text = Field(default="", description="how to reach support: an address, a number or a page")
    language: LanguageTag | None = Field(
        default=None, description="of mails, and of the portal where nobody chose another; None: English"
    )


class User(Frozen):
    """The account's primary user."""

    extension: Name | None = None
    name: Name
    email: EmailAddress


class AtaDevice(Frozen):
    """A fax machine's adapter. Only the hash of its one-time enrolment code is ever published.

    Enrolled, the device has a secret that only the ATA gateway keeps a hash of. Another `enrolment_sha256` ends that
    secret.
    """

    device_type: Name
    serial: Name
    enrolment_sha256: Sha256 | None = Field(default=None, description="None: no device can enrol")
    enrolment_until: Instant | None = Field(default=None, description="the code works until then")


class ApiToken(Frozen):
    """A token of the HTTP API; only the hash is ever published. Removed here, it is revoked."""

    token_id: Name
    sha256: Sha256
    scopes: tuple[Literal["faxes:read", "faxes:send"], ...] = Field(min_length=1, max_length=2)
    expires_at: Instant | None = None


LinkAccess = Literal["token", "sign-in"]
"""How a mail's link opens a fax: for whoever has the link, for some days; or after signing in to the portal."""

Method = Literal["email", "portal", "ata"]
Handling = Literal["email-with-attachment", "email-without-attachment", "portal"]


class FaxAccount(Event):
    """A fax number and what happens to its faxes; `version` grows with each change of the account."""

    state: Literal["active"] = "active"
    account_id: Name
    version: int = Field(ge=1)
    fax_number: PhoneNumber
    reseller: Name
    domain: Name
    brand: Brand
    primary_user: User
    methods: tuple[Method, ...] = Field(min_length=1, max_length=3)
    handling: Handling
    ata: AtaDevice | None = None
    allowed_senders: tuple[EmailAddress, ...] = Field(default=(), max_length=50)
    notify: tuple[EmailAddress, ...] = Field(
        default=(), max_length=20, description="recipients beside the primary user"
    )
    blocked_callers: tuple[CallerId, ...] = Field(default=(), max_length=100)
    blocked_destinations: tuple[Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,14}$")], ...] = Field(
        default=(), max_length=100, description="numbers, or how numbers begin, that this account may not dial"
    )
    premium_destinations: bool = Field(default=False, description="premium-rate and shared-cost numbers may be dialled")
    region: Region = Field(default="US", description="where a number without a country code is read")
    cover_page: bool = Field(default=False, description="a mail's text becomes a cover page")
    api_tokens: tuple[ApiToken, ...] = Field(default=(), max_length=20)
    time_zone: TimeZone = "UTC"
    header_text: Text = Field(default="", description="on top of each page; else the user's name")
    retention_days: int = Field(default=365, ge=30, le=365)
    link_access: LinkAccess = "token"
    changed_at: Instant

    @model_validator(mode="after")
    def _consistent(self) -> "FaxAccount":
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("a method may be enabled once only")
        if ("ata" in self.methods) != (self.ata is not None):
            raise ValueError("an ATA device is given if and only if the method ATA is enabled")
        return self


class RemovedAccount(Event):
    """A number without an account: it keeps reseller and domain, so a late fax is unclaimed for the right people."""

    state: Literal["removed"] = "removed"
    account_id: Name
    version: int = Field(ge=1)
    fax_number: PhoneNumber
    reseller: Name
    domain: Name
    removed_at: Instant
    quarantined_until: Instant
