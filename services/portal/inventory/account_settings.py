"""The optional settings of a fax account as typed → as kept, or why not, each beside its own field. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services._runtime.translating import N_, gettext
from services.portal.inventory.checking import folded, number_of
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.refusals import Field, Refusal, Refused

SETTINGS_BYTES: Final = 6 * 1024
"""Of all settings of an account: with everything else its record must stay below 16 KiB (schemas.topics)."""

SAID: Final[Mapping[str, str]] = {
    "allowed_senders": N_("“{written}” is no email address. Write addresses like name@example.com, at most 50."),
    "notify": N_("“{written}” is no email address. Write addresses like name@example.com, at most 20."),
    "blocked_callers": N_("“{written}” can't be a caller. Write at most 100, each of at most 64 characters."),
    "blocked_destinations": N_(
        "“{written}” is no number, nor how one begins. Write it with + and the country code, as in +1900; at most 100."
    ),
    "premium_destinations": N_("“{written}” is neither yes nor no."),
    "region": N_("“{written}” is no country. Write its two letters, as in US or DE."),
    "cover_page": N_("“{written}” is neither yes nor no."),
    "time_zone": N_("“{written}” is no time zone. Choose one from the list, as in America/New_York."),
    "header_text": N_("Write the header in one line of at most 200 characters."),
    "link_access": N_("“{written}” can't be: a link in a mail opens by “token” or after a “sign-in”."),
    "retention_days": N_("“{written}” can't be: faxes are kept for 30 to 365 days. Write a number between them."),
    "mail_forwarding": N_("“{written}” is neither yes nor no."),
    "forward_to": N_(
        "“{written}” is no email address and no domain. Write name@example.com or example.com; at most 50."
    ),
}
"""Setting → what is said when it can't be."""


def settings_of(now: FaxSettings, changes: Mapping[str, object]) -> FaxSettings | Refused:
    """The settings with some changed, or a reason for each that can't be."""
    region = changes.get("region")
    read_in = region if isinstance(region, str) and region else now.region
    values = now.model_dump() | {name: _tidy(name, value, read_in) for name, value in changes.items()}
    try:
        settings = FaxSettings.model_validate(values)
    except ValidationError as error:
        return _refused(error.errors(include_url=False), values)
    if len(settings.model_dump_json().encode()) > SETTINGS_BYTES:
        return Refused((_refusal("settings", N_("The lists are too long all together. Shorten one of them.")),))
    return settings


def _tidy(name: str, value: object, region: str) -> object:
    """Without blanks and repetitions; a caller's number as the network tells it."""
    if isinstance(value, str):
        return " ".join(value.split())
    if not isinstance(value, list | tuple):
        return value
    found = [" ".join(one.split()) if isinstance(one, str) else one for one in value]
    if name == "forward_to":
        found = [one.removeprefix("@") if isinstance(one, str) else one for one in found]
    if name == "blocked_callers":
        found = [number_of(one, region) or one if isinstance(one, str) else one for one in found]
    if name == "blocked_destinations":
        found = ["".join(one.split()).replace("-", "") if isinstance(one, str) else one for one in found]
    return _each_once(found)


def _each_once(values: Iterable[object]) -> tuple[object, ...]:
    known = {folded(one) if isinstance(one, str) else one: one for one in reversed(list(values)) if one != ""}
    return tuple(reversed(known.values()))


def _refused(errors: Iterable[ErrorDetails], values: Mapping[str, object]) -> Refused:
    first: dict[str, Refusal] = {}
    for error in errors:
        name, *at = error["loc"] or ("settings",)
        first.setdefault(str(name), _said(str(name), values.get(str(name)), at))
    return Refused(tuple(first.values()))


def _said(name: str, value: object, at: list[int | str]) -> Refusal:
    if name not in SAID:
        return _refusal("settings", gettext("“{name}” is no setting of a fax number.").format(name=name[:40]))
    wrong = value[at[0]] if at and isinstance(value, tuple) and isinstance(at[0], int) else value
    if isinstance(wrong, tuple):  # too many of them, or none where there must be one
        wrong = f"{wrong[-1]}" if wrong else ""
    return _refusal(cast("Field", name), gettext(SAID[name]).format(written=str(wrong)[:60]))


def _refusal(field: Field, words: str) -> Refusal:
    return Refusal(field, "setting-invalid", words)
