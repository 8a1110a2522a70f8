"""What the inventory tells. Immutable, and complete: a page needs no second question for one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.accounts import ApiToken, Handling, Method
from services._runtime.translating import gettext, ngettext
from services.portal.inventory.actors import Role
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.refusals import Refusal

State = Literal["active", "removed"]
LiveState = Literal["becoming live", "live"]


@dataclass(frozen=True)
class Usage:
    """How many fax numbers a domain has, of how many. `maximum` 0: disabled; None: unlimited."""

    used: int
    maximum: int | None

    @property
    def words(self) -> str:
        """As beside the list of numbers."""
        if self.maximum is None:
            words = ngettext("%(num)d fax number used, no maximum", "%(num)d fax numbers used, no maximum", self.used)
            return words % {"num": self.used}
        if self.maximum == 0:
            return gettext("fax numbers are disabled")
        words = ngettext("%(used)d of %(num)d fax number used", "%(used)d of %(num)d fax numbers used", self.maximum)
        return words % {"used": self.used, "num": self.maximum}


@dataclass(frozen=True)
class Domain:
    """A customer."""

    name: str
    reseller: str
    region: str
    usage: Usage


@dataclass(frozen=True)
class PhoneNumber:
    """A number of a domain. `why_not` says why it can't become a fax number; None: it can."""

    number: str
    domain: str
    treatment: str
    why_not: Refusal | None

    @property
    def takeable(self) -> bool:
        """Whether it can become a fax number now."""
        return self.why_not is None


@dataclass(frozen=True)
class Numbers:
    """A page of a domain's numbers. `hindrance` says why none at all can be taken, and what to do."""

    numbers: tuple[PhoneNumber, ...]
    usage: Usage
    hindrance: Refusal | None
    more: bool


@dataclass(frozen=True)
class User:
    """Somebody who uses a domain, or (`domain` None) one of the reseller's own people."""

    user_id: str
    reseller: str
    domain: str | None
    extension: str | None
    name: str
    email: str
    role: Role
    fax_only: bool


@dataclass(frozen=True)
class Device:
    """An ATA. Of its enrolment code, only the hash is known."""

    device_type: str
    serial: str
    enrolment_sha256: str | None
    enrolment_until: datetime | None


@dataclass(frozen=True)
class Account:
    """A fax account. Removed, it has no `user` when that user is gone too."""

    account_id: str
    number: str
    domain: str
    reseller: str
    state: State
    version: int
    user: User | None
    methods: tuple[Method, ...]
    handling: Handling
    settings: FaxSettings
    device: Device | None
    tokens: tuple[ApiToken, ...]
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Secret:
    """A secret to show once: an enrolment code, or a token. It is kept nowhere."""

    text: str
    until: datetime | None

    def __repr__(self) -> str:
        return f"Secret(until={self.until!r})"


@dataclass(frozen=True)
class Saved:
    """An account as it is now; `secret` is the ATA's new enrolment code, or the new token, if there is one."""

    account: Account
    secret: Secret | None = None


@dataclass(frozen=True)
class AccountDevice:
    """A row of the tab “ATA devices”."""

    account_id: str
    number: str
    user_name: str
    device: Device


@dataclass(frozen=True)
class Held:
    """A hold that is set: ``fax:<id>``, ``account:<id>`` or ``domain:<name>``.

    It is in force a minute after it is published: from then on retention deletes nothing of it.
    """

    scope: str
    domain: str
    reason: str
    by: str
    at: datetime
    in_force: bool = True


@dataclass(frozen=True)
class Audited:
    """Who did what, when. `before` and `after` are what changed, without secrets."""

    id: int
    at: datetime
    user_id: str
    name: str
    domain: str | None
    what: str
    subject: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


@dataclass(frozen=True)
class RefusedRow:
    """A row of a file that can't be added, and every reason. `line` counts from 1, the header row's."""

    line: int
    number: str
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Imported:
    """What became of a file. `added` are the accounts that were made, or in a dry run would be; with their secrets.

    `written` says whether they are there now. A file that can't be read at all has one refused row, its line 1.
    """

    rows: int
    added: tuple[Saved, ...]
    refused: tuple[RefusedRow, ...]
    written: bool
