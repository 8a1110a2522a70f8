"""The rules of design §3: whether a fax account may be added or changed, and what it then is. Pure.

`Situation` is what was read under the domain's lock. A mass import decides row by row on one situation, which learns
of each row that was accepted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import uuid4

from schemas.accounts import Handling, Method
from services.portal.inventory.account_settings import settings_of
from services.portal.inventory.checking import (
    email_of,
    folded,
    handling_of,
    methods_of,
    name_of,
    number_of,
    serial_folded,
)
from services.portal.inventory.forms import AddAccount, ChangeAccount, FaxSettings, PrimaryUser
from services.portal.inventory.refusals import Refusal, Refused, refuse
from services.portal.inventory.views import Account, User

QUARANTINE: Final = timedelta(days=30)
"""How long a removed number is kept from other customers (design §3)."""

T = TypeVar("T")


@dataclass(frozen=True)
class NumberFacts:
    """A number of the domain. `quarantined_until` is set if it was another customer's fax number."""

    number: str
    treatment: str
    in_use: bool = False
    quarantined_until: datetime | None = None


@dataclass(frozen=True)
class DeviceFields:
    """An ATA as it will be kept."""

    device_type: str
    serial: str

    @property
    def serial_folded(self) -> str:
        """As it is compared."""
        return serial_folded(self.serial)


@dataclass(frozen=True)
class Accepted:
    """What an account will be. `new_user`: the primary user is made with it."""

    number: str
    user: User
    new_user: bool
    methods: tuple[Method, ...]
    handling: Handling
    device: DeviceFields | None
    settings: FaxSettings


@dataclass
class Situation:
    """What a decision is made on: everything that the wanted accounts name, and what the domain may.

    `serials` are those, folded, that belong to other accounts.
    """

    domain: str
    reseller: str
    white_label: bool
    region: str
    maximum: int | None
    used: int
    numbers: dict[str, NumberFacts]
    users: "People"
    serials: set[str]
    device_types: frozenset[str]

    def learn(self, accepted: Accepted) -> None:
        """`accepted` is made: the next decision counts it."""
        self.used += 1
        self.numbers[accepted.number] = replace(self.numbers[accepted.number], treatment="fax", in_use=True)
        if accepted.device is not None:
            self.serials.add(accepted.device.serial_folded)
        if accepted.new_user:
            self.users.add(accepted.user)


@dataclass
class People:
    """A domain's users, by all that one is found by."""

    _by_id: dict[str, User] = field(default_factory=dict)
    _by_extension: dict[str, User] = field(default_factory=dict)
    _by_email: dict[str, User] = field(default_factory=dict)
    _by_name: dict[str, dict[str, User]] = field(default_factory=dict)

    @classmethod
    def of(cls, users: Iterable[User]) -> "People":
        """These."""
        made = cls()
        for one in users:
            made.add(one)
        return made

    def add(self, user: User) -> None:
        """One more."""
        self._by_id[user.user_id] = self._by_email[folded(user.email)] = user
        if user.extension:
            self._by_extension[user.extension] = user
        self._by_name.setdefault(folded(user.name), {})[user.user_id] = user

    def called(self, written: str) -> tuple[User, ...]:
        """Whom an extension, a name, or both as a list shows them (“1001 Ada Lovelace”) may mean."""
        text = written.strip()
        if text in self._by_extension:
            return (self._by_extension[text],)
        named = tuple(self._by_name.get(folded(text), {}).values())
        first, _, rest = text.partition(" ")
        both = self._by_extension.get(first)
        return named or ((both,) if both and folded(both.name) == folded(rest.lstrip("·- ")) else ())

    def by_id(self, user_id: str) -> User | None:
        """The user of an id."""
        return self._by_id.get(user_id)

    def by_email(self, email: str) -> User | None:
        """The user of an email."""
        return self._by_email.get(folded(email))


class _Reasons:
    """Collects why not, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: list[Refusal] = []

    def take(self, answer: T | Refusal | Refused) -> T | None:
        """`answer`, unless it is a reason, or several."""
        if isinstance(answer, Refusal | Refused):
            self.found += answer.refusals if isinstance(answer, Refused) else (answer,)
            return None
        return answer


def hindrance(at: Situation) -> Refusal | None:
    """Why none at all can be added: white-label access, or the maximum. A maximum of 1 admits one."""
    if not at.white_label:
        return refuse("not-white-label")
    if at.maximum == 0:
        return refuse("maximum-disabled")
    if at.maximum is not None and at.used >= at.maximum:
        return refuse("maximum-reached", used=at.used, maximum=at.maximum)
    return None


def why_not(number: NumberFacts, now: datetime) -> Refusal | None:
    """Why this number can't become a fax number; None: it can."""
    if number.in_use or number.treatment == "fax":
        return refuse("number-in-use", number=number.number)
    if number.treatment != "available":
        return refuse("number-not-available", number=number.number, treatment=number.treatment)
    if number.quarantined_until is not None and number.quarantined_until > now:
        until = f"{number.quarantined_until:%Y-%m-%d}"
        return refuse("number-quarantined", number=number.number, until=until)
    return None


def may_add(form: AddAccount, at: Situation, now: datetime) -> Accepted | Refused:
    """What the account will be, or every reason why not."""
    reasons = _Reasons()
    if barred := hindrance(at):
        reasons.found.append(barred)
    number = reasons.take(_number(form.number, at, now))
    user = reasons.take(user_of(form.user, at))
    methods = reasons.take(methods_of(form.methods))
    handling: Handling | None = reasons.take(handling_of(form.handling))
    settings = reasons.take(settings_of(FaxSettings(region=at.region), form.settings))
    device = _device(form.device_type, form.serial, methods, at, reasons)
    if reasons.found or number is None or user is None or methods is None or handling is None or settings is None:
        return Refused(tuple(reasons.found))
    return Accepted(number, *user, methods, handling, device, settings)


def may_change(form: ChangeAccount, account: Account, at: Situation) -> Accepted | Refused:
    """What the account will be after a change, or every reason why not. Neither maximum nor treatment matter."""
    if account.state != "active" or account.user is None:
        return Refused((refuse("account-removed"),))
    if account.version != form.version:
        return Refused((refuse("account-changed"),))
    reasons = _Reasons()
    user = (account.user, False) if form.user is None else reasons.take(user_of(form.user, at))
    methods = account.methods if form.methods is None else reasons.take(methods_of(form.methods))
    handling: Handling | None = reasons.take(handling_of(account.handling if form.handling is None else form.handling))
    settings = reasons.take(settings_of(account.settings, form.settings or {}))
    device_type, serial = _kept_device(form, account, methods)
    has = frozenset({account.device.device_type}) if account.device else frozenset[str]()  # listed no more, perhaps
    device = _device(device_type, serial, methods, replace(at, device_types=at.device_types | has), reasons)
    if reasons.found or user is None or methods is None or handling is None or settings is None:
        return Refused(tuple(reasons.found))
    return Accepted(account.number, *user, methods, handling, device, settings)


def _kept_device(form: ChangeAccount, account: Account, methods: tuple[Method, ...] | None) -> tuple[str, str]:
    """The device as given; what isn't given stays, and goes with the method ATA."""
    stays = account.device if methods is None or "ata" in methods else None
    device_type = form.device_type if form.device_type is not None else (stays.device_type if stays else "")
    serial = form.serial if form.serial is not None else (stays.serial if stays else "")
    return device_type, serial


def _number(written: str, at: Situation, now: datetime) -> str | Refusal:
    if not written.strip():
        return refuse("number-missing")
    number = number_of(written, at.region)
    if number is None:
        return refuse("number-invalid", written=written.strip()[:40])
    known = at.numbers.get(number)
    if known is None:
        return refuse("number-unknown", number=number)
    return why_not(known, now) or number


def user_of(form: PrimaryUser, at: Situation) -> tuple[User, bool] | Refusal:
    """Whom the form means, and whether they are made for it; or why it is nobody."""
    if form.user_id:
        found = at.users.by_id(form.user_id)
        return (found, False) if found else refuse("user-unknown", written=form.written[:60] or "of this choice")
    if form.written.strip():
        called = at.users.called(form.written)
        if len(called) > 1:
            return refuse("user-ambiguous", written=form.written.strip()[:60])
        return (called[0], False) if called else refuse("user-unknown", written=form.written.strip()[:60])
    if not form.email.strip():
        return refuse("email-invalid") if form.name.strip() else refuse("user-missing")
    return _somebody_else(form, at)


def _somebody_else(form: PrimaryUser, at: Situation) -> tuple[User, bool] | Refusal:
    """A user whose email differs from every existing user's is a new, fax-only one."""
    email = email_of(form.email)
    if email is None:
        return refuse("email-invalid")
    known = at.users.by_email(email)
    if known is not None:
        return known, False
    name = name_of(form.name)
    if name is None:
        return refuse("name-invalid")
    return User(str(uuid4()), at.reseller, at.domain, None, name, email, "user", fax_only=True), True


def _device(
    device_type: str, serial: str, methods: tuple[Method, ...] | None, at: Situation, reasons: _Reasons
) -> DeviceFields | None:
    """The ATA, which is given if and only if the method is enabled."""
    given = bool(device_type.strip() or serial.strip())
    if methods is None or "ata" not in methods:
        if given and methods is not None:
            reasons.found.append(refuse("device-without-ata"))
        return None
    kind = reasons.take(_device_type(device_type.strip(), at))
    number = reasons.take(_serial(serial, at))
    return DeviceFields(kind, number) if kind and number else None


def _device_type(written: str, at: Situation) -> str | Refusal:
    if not written:
        return refuse("device-type-missing")
    return written if written in at.device_types else refuse("device-type-unknown", written=written[:60])


def _serial(written: str, at: Situation) -> str | Refusal:
    if not written.strip():
        return refuse("serial-missing")
    serial = name_of(written)
    if serial is None or not serial_folded(serial):
        return refuse("serial-invalid")
    return refuse("serial-taken") if serial_folded(serial) in at.serials else serial
