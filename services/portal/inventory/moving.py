"""What becomes of each number of a batch that moves, or gets another primary user. Pure.

A fax number that *goes on* is the same customer's: its account ends, and another begins in the same moment with the
same methods, handling, device and settings; nothing is kept back. One that doesn't go on is another customer's: it is
kept back for 30 days like any removed number, and can be taken then. Either way its faxes stay with the old account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.portal.inventory.checking import number_of
from services.portal.inventory.domain import QUARANTINE, Accepted, NumberFacts, Situation, may_add, may_change
from services.portal.inventory.forms import AddAccount, ChangeAccount, MoveForm, PrimaryUser, ReassignForm
from services.portal.inventory.jobs import JobResult, JobRow
from services.portal.inventory.refusals import Refusal, Refused, refuse, refused
from services.portal.inventory.views import Account

MOST: Final = 500
"""Numbers at a time: each is some statements of one transaction."""

_LONGEST: Final = 64


@dataclass(frozen=True)
class Batch:
    """The numbers that were asked for, each once and in their order, and what is known of those in the domain.

    `kept` says until when a number can't be taken in the domain where it goes.
    """

    numbers: tuple[str, ...]
    treatments: Mapping[str, str]
    accounts: Mapping[str, Account]
    kept: Mapping[str, datetime]


@dataclass(frozen=True)
class Decided:
    """What becomes of a number. `before` is its account until now, `accepted` what its account will be."""

    line: int
    number: str
    why: tuple[Refusal, ...] = ()
    before: Account | None = None
    accepted: Accepted | None = None
    device: str = ""
    kept_until: datetime | None = None


def numbers_of(written: Sequence[str], region: str) -> tuple[str, ...]:
    """Numbers as typed, each once; what is none stays as it is, to be refused by its name."""
    typed = [one.strip()[:_LONGEST] for one in written if one.strip()]
    return tuple(dict.fromkeys(number_of(one, region) or one for one in typed))


def form_refusal(numbers: Sequence[str]) -> Refused | None:
    """What is wrong with a batch as a whole."""
    if not numbers:
        return refused("number-missing")
    return refused("numbers-too-many", most=MOST) if len(numbers) > MOST else None


def moves(batch: Batch, form: MoveForm, at: Situation, now: datetime) -> tuple[Decided, ...]:
    """What becomes of each number; `at` is the domain where they go, and learns of each account."""
    return tuple(_move(line, number, batch, form, at, now) for line, number in enumerate(batch.numbers, 1))


def _move(line: int, number: str, batch: Batch, form: MoveForm, at: Situation, now: datetime) -> Decided:
    if why := _hindrance(number, batch):
        return Decided(line, number, (why,))
    account = batch.accounts.get(number)
    if account is None:
        return Decided(line, number, kept_until=batch.kept.get(number))
    if not form.goes_on:
        return Decided(line, number, before=account, kept_until=now + QUARANTINE)
    at.numbers[number] = NumberFacts(number, "available")
    has = {account.device.device_type} if account.device else set()  # listed no more, perhaps
    answer = may_add(_again(account, form), replace(at, device_types=at.device_types | has), now)
    if isinstance(answer, Refused):
        return Decided(line, number, answer.refusals, account)
    at.learn(answer)
    return Decided(line, number, (), account, answer, account.device.serial if account.device else "")


def reassigns(batch: Batch, form: ReassignForm, at: Situation) -> tuple[Decided, ...]:
    """Whose each number will be; `at` is their domain, and learns of a new user."""
    return tuple(_reassign(line, number, batch, form, at) for line, number in enumerate(batch.numbers, 1))


def _reassign(line: int, number: str, batch: Batch, form: ReassignForm, at: Situation) -> Decided:
    account = batch.accounts.get(number)
    if account is None:
        return Decided(line, number, (refuse("number-not-fax", number=number),))
    answer = may_change(ChangeAccount(account.account_id, account.version, form.user), account, at)
    if isinstance(answer, Refused):
        return Decided(line, number, answer.refusals, account)
    if answer.new_user:
        at.users.add(answer.user)
    return Decided(line, number, (), account, answer)


def _hindrance(number: str, batch: Batch) -> Refusal | None:
    treatment = batch.treatments.get(number)
    if treatment is None:
        return refuse("number-unknown", number=number)
    if number in batch.accounts or treatment == "available":
        return None
    return refuse("number-not-available", number=number, treatment=treatment)


def _again(account: Account, form: MoveForm) -> AddAccount:
    """The same account in another domain, for whoever has the same email there if nobody is named."""
    user, device = account.user, account.device
    same = PrimaryUser(name=user.name, email=user.email) if user else PrimaryUser()
    return AddAccount(
        domain=form.target,
        number=account.number,
        user=form.user if form.user.given else same,
        methods=account.methods,
        handling=account.handling,
        device_type=device.device_type if device else "",
        serial=device.serial if device else "",
        settings=account.settings.model_dump(),
    )


def result_of(decided: Sequence[Decided]) -> JobResult:
    """As it is told; nothing is written yet."""
    good = [one for one in decided if not one.why]
    return JobResult(
        rows=len(decided),
        good=len(good),
        refused=tuple(
            JobRow(line=one.line, number=one.number, why=tuple(no.words for no in one.why))
            for one in decided
            if one.why
        ),
        told=tuple(_told(one) for one in good),
    )


def _told(one: Decided) -> JobRow:
    return JobRow(
        line=one.line,
        number=one.number,
        user=one.before.user.name if one.before and one.before.user else "",
        to=one.accepted.user.name if one.accepted else "",
        new_user=bool(one.accepted and one.accepted.new_user),
        device=one.device,
        kept_until=one.kept_until,
    )
