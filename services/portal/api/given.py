"""What the API takes. Whatever a person can mend is refused by the inventory, in its words."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator

from services._runtime.texts import all_storable
from services.portal.inventory.forms import AddAccount, ChangeAccount, FaxSettings, PrimaryUser, UserForm
from services.portal.inventory.treatments import Treatment

Scope = Annotated[str, Field(pattern="^faxes:(read|send)$")]
Settings = Annotated[
    dict[str, Any],
    WithJsonSchema({**FaxSettings.model_json_schema(), "required": [], "description": "those left out stay"}),
]
"""Fields of `FaxSettings`, which the inventory checks."""


class Given(BaseModel):
    """A body. Fields that aren't known are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:
        if not all_storable(given):
            raise ValueError("it has what no text has: a NUL, or half a character")
        return given


class NewDomain(Given):
    """A customer to add."""

    name: str = Field(pattern="^[^/]*$", description="stands in addresses, so it has no slash")
    maximum: int | None = Field(default=None, description="fax numbers it may have; null: any number")
    region: str = Field(default="US", pattern="^[A-Z]{2}$", description="where numbers are read: ISO 3166-1 alpha-2")


class Maximum(Given):
    """How many fax numbers a domain may have."""

    maximum: int | None


class NewNumbers(Given):
    """Numbers to add, all or none."""

    numbers: list[str] = Field(min_length=1, max_length=10_000)


class NewTreatment(Given):
    """What a call to a number meets."""

    treatment: Treatment


class UserFields(Given):
    """A user as typed."""

    name: str
    email: str
    extension: str = ""
    role: str = "user"

    def form(self) -> UserForm:
        """For the inventory."""
        return UserForm(**dict(self))


class Ata(Given):
    """A fax machine's adapter."""

    device_type: str
    serial: str


class WhoUses(Given):
    """A primary user: an id; or an extension or a name; or somebody else's name and email. The first counts."""

    user_id: str = ""
    written: str = Field(default="", description="an extension, or a name as the domain's list has it")
    name: str = ""
    email: str = ""

    def form(self) -> PrimaryUser:
        """For the inventory."""
        return PrimaryUser(**dict(self))


class NewAccount(Given):
    """“Add a Fax Number”."""

    domain: str
    fax_number: str
    primary_user: WhoUses
    methods: tuple[str, ...] = ("email", "portal")
    handling: str = "email-with-attachment"
    ata: Ata | None = None
    settings: Settings = Field(default_factory=dict)

    def form(self) -> AddAccount:
        """For the inventory."""
        device, serial = (self.ata.device_type, self.ata.serial) if self.ata else ("", "")
        user = self.primary_user.form()
        return AddAccount(
            self.domain, self.fax_number, user, self.methods, self.handling, device, serial, self.settings
        )


class Change(Given):
    """A change of an account as it was at `version`; what is left out stays."""

    version: int
    primary_user: WhoUses | None = None
    methods: tuple[str, ...] | None = None
    handling: str | None = None
    ata: Ata | None = None
    settings: Settings | None = None

    def form(self, account_id: str) -> ChangeAccount:
        """For the inventory."""
        return ChangeAccount(
            account_id,
            self.version,
            user=self.primary_user.form() if self.primary_user else None,
            methods=self.methods,
            handling=self.handling,
            device_type=self.ata.device_type if self.ata else None,
            serial=self.ata.serial if self.ata else None,
            settings=self.settings,
        )


class NewToken(Given):
    """A token of the fax API to make."""

    name: str
    scopes: tuple[Scope, ...] = ("faxes:read", "faxes:send")
    days: int = Field(default=365, ge=1, le=3650)


class NewCode(Given):
    """An enrolment code to make."""

    days: int = Field(default=7, ge=1, le=30)


class NewDeviceType(Given):
    """One more."""

    device_type: str


class BrandFields(Given):
    """A reseller's face, as in `schemas.accounts.Brand`, which the inventory checks."""

    name: str
    portal_host: str
    from_address: str
    colour: str = "#1f5fa8"
    support: str = ""
    language: str | None = None
    logo_url: str | None = None


HoldScope = Annotated[str, Field(pattern="^(fax|account|domain):.+$", max_length=128)]


class NewHold(Given):
    """What to keep, and why."""

    scope: HoldScope = Field(description="fax:<id>, account:<id> or domain:<name>")
    reason: str
    by: str = Field(default="", description="who decided; left out: whose token it is")


class LiftedHold(Given):
    """What to keep no longer."""

    scope: HoldScope
    reason: str = ""
    by: str = Field(default="", description="who decided; left out: whose token it is")
    unlisted: bool = Field(
        default=False, description="lift what isn't listed, too: it was put on hold before the portal kept holds"
    )
