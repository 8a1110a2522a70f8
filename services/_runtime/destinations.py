"""Where a fax may go: a number as a person wrote it → E.164, or why not. Pure; the gateways ask, the router decides.

And whom an account takes none from, however the network writes its number.
"""

from typing import Final
from unicodedata import category, normalize

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ShortNumberCost,
    ValidationResult,
    connects_to_emergency_number,
    expected_cost,
    format_number,
    is_alpha_number,
    is_emergency_number,
    is_possible_number_with_reason,
    is_valid_number,
    number_type,
    parse,
    region_code_for_country_code,
)
from phonenumbers import PhoneNumber as Parsed

from schemas.accounts import FaxAccount
from schemas.failures import FaxFailure

PREMIUM = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}

DIVIDING: Final = frozenset("+-\N{MINUS SIGN}.()[]/")
"""What stands between digits, beside spaces and dashes of any kind and marks of direction."""

LEAST_AFTER_SLASH: Final = 4
"""Digits: 030/901820 has its area code set apart; 901820/21 are two numbers."""

NORTH_AMERICA: Final = 1
"""The country code where numbers are written as words: all are of one length there, so nothing else passes for one."""


class NotDiallable(Exception):  # noqa: N818 - it says what it is
    """A fax can't go there; `failure` says why."""

    def __init__(self, failure: FaxFailure) -> None:
        super().__init__(failure)
        self.failure = failure


def destination(written: str, account: FaxAccount) -> str:
    """The number that `written` means for `account`, in E.164.

    A number without a country code is read in the account's region. That a number can exist is all that is asked: what
    is in use today, only the network knows.

    Raises:
        NotDiallable: It is no number, an emergency number, or one that the account may not dial.
    """
    urgent = connects_to_emergency_number(written, account.region)
    try:
        number = parse(written, account.region)
    except NumberParseException as error:
        raise NotDiallable("destination-emergency" if urgent else "destination-invalid") from error
    if (urgent and not is_valid_number(number)) or _is_emergency(number):
        raise NotDiallable("destination-emergency")
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:  # nor without its area code
        raise NotDiallable("destination-invalid")
    if not _is_one_number(written) and not (number.country_code == NORTH_AMERICA and is_alpha_number(written)):
        raise NotDiallable("destination-invalid")
    if number.extension:  # nobody would dial it, and whoever takes faxes at the number itself may be somebody else
        raise NotDiallable("destination-invalid")
    dialled: str = format_number(number, PhoneNumberFormat.E164)
    if dialled.startswith(account.blocked_destinations):
        raise NotDiallable("destination-blocked")
    if _is_premium(number) and not account.premium_destinations:
        raise NotDiallable("destination-premium")
    return dialled


def _is_one_number(written: str) -> bool:
    """Whether it is nothing but a number: what else is there would be left out unseen, and somebody else's dialled."""
    plain = normalize("NFKC", written).strip().removeprefix("tel:")
    _, _, after = plain.partition("/")
    return all(
        one.isdecimal() or one.isspace() or one in DIVIDING or category(one) in {"Pd", "Cf"} for one in plain
    ) and (not after or ("/" not in after and sum(map(str.isdecimal, after)) >= LEAST_AFTER_SLASH))


def is_blocked(caller: str | None, account: FaxAccount) -> bool:
    """Whether the account blocks a caller. The portal keeps numbers in E.164, the network may not."""
    if caller is None:
        return False
    known = {caller.casefold(), f"+{caller}", _in_region(caller, account.region)}
    return not known.isdisjoint(one.casefold() for one in account.blocked_callers)


def _in_region(written: str, region: str) -> str | None:
    try:
        return str(format_number(parse(written, region), PhoneNumberFormat.E164))
    except NumberParseException:
        return None


def _is_emergency(number: Parsed) -> bool:
    """Also behind a zero: 0112. What only begins so may be a fax: in Delhi, 11 2xxx xxxx."""
    region = region_code_for_country_code(number.country_code or 0)
    return bool(is_emergency_number(str(number.national_number), region))


def _is_premium(number: Parsed) -> bool:
    return number_type(number) in PREMIUM or expected_cost(number) == ShortNumberCost.PREMIUM_RATE
