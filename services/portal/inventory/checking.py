"""Fields as typed → fields as kept, or why not. Pure."""

from collections.abc import Iterable
from typing import Final, get_args

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)
from pydantic import TypeAdapter, ValidationError

from schemas.accounts import Handling, Method
from schemas.base import EmailAddress, Name
from services._runtime.texts import turns
from services.portal.inventory.refusals import Refusal, refuse

METHODS: Final[tuple[Method, ...]] = get_args(Method)
HANDLINGS: Final[tuple[Handling, ...]] = get_args(Handling)

_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(EmailAddress)


def folded(written: str) -> str:
    """As names and emails are compared: case and outer or repeated spaces don't matter."""
    return " ".join(written.split()).casefold()


def serial_folded(written: str) -> str:
    """As serial numbers are compared: a label's spaces, hyphens and colons don't matter, nor does the case."""
    return "".join(one for one in written.casefold() if one not in " -:.\t")


def name_of(written: str) -> str | None:
    """A name, or None if it is none. One that turns what is shown after it is none."""
    return None if turns(written) else _valid(_NAME, " ".join(written.split()))


def email_of(written: str) -> str | None:
    """An email address, or None if it is none, or turns what is shown after it."""
    return None if turns(written) else _valid(_EMAIL, written.strip())


def _valid(kind: TypeAdapter[str], written: str) -> str | None:
    try:
        return kind.validate_python(written)
    except ValidationError:
        return None


def number_of(written: str, region: str) -> str | None:
    """E.164 of a number as typed, or None if it is none. Without a country code it is read in `region`."""
    try:
        number = parse(written[:64], region)
    except NumberParseException:
        return None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    found: str = format_number(number, PhoneNumberFormat.E164)
    return found


def methods_of(written: Iterable[str]) -> tuple[Method, ...] | Refusal:
    """The methods, each once and in their fixed order; or why not."""
    given = {one.strip().casefold() for one in written} - {""}
    unknown = sorted(given - set(METHODS))
    if unknown:
        return refuse("method-unknown", written=unknown[0][:40])
    return tuple(one for one in METHODS if one in given) or refuse("no-method")


def handling_of(written: str) -> Handling | Refusal:
    """The handling of received faxes; or why not."""
    return next((one for one in HANDLINGS if one == written.strip()), None) or refuse("handling-unknown")
