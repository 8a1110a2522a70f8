"""The optional settings of an account as the fields of a form: lists are lines of text, yes and no are boxes."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from services._runtime.translating import N_
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.refusals import Field
from services.portal.web.gate import Visit

LISTS: Final = ("allowed_senders", "notify", "blocked_callers", "blocked_destinations", "forward_to")
LINES: Final = ("region", "time_zone", "header_text", "retention_days", "link_access")
BOXES: Final = ("cover_page", "premium_destinations", "mail_forwarding")
FIELDS: Final[tuple[Field, ...]] = (
    "allowed_senders",
    "notify",
    "blocked_callers",
    "blocked_destinations",
    "region",
    "time_zone",
    "header_text",
    "retention_days",
    "link_access",
    "cover_page",
    "premium_destinations",
    "mail_forwarding",
    "forward_to",
)
"""Where a refusal stands beside its field."""

_PLACES: Final = (
    N_("Africa"),
    N_("America"),
    N_("Antarctica"),
    N_("Asia"),
    N_("Atlantic"),
    N_("Australia"),
    N_("Europe"),
    N_("Indian"),
    N_("Pacific"),
)
"""Parts of the world, as the names of zones begin."""

_DIGITS: Final = 4


def as_typed(settings: FaxSettings) -> dict[str, str | bool]:
    """The settings as their fields show them."""
    return {
        **{name: "\n".join(getattr(settings, name)) for name in LISTS},
        **{name: str(getattr(settings, name)) for name in LINES},
        **{name: bool(getattr(settings, name)) for name in BOXES},
    }


def typed_settings(visit: Visit) -> dict[str, str | bool]:
    """What was typed."""
    texts = {name: visit.typed(name).replace("\r\n", "\n") for name in (*LISTS, *LINES)}
    return {**texts, **{name: bool(visit.typed(name)) for name in BOXES}}


def changes(typed: Mapping[str, str | bool], *, premium: bool) -> dict[str, object]:
    """What to change, of the kinds that `FaxSettings` has; `premium`: that box was on the page."""
    found: dict[str, object] = {name: typed[name] for name in (*LINES, *BOXES) if name != "premium_destinations"}
    found |= {name: str(typed[name]).replace(",", "\n").replace(";", "\n").split("\n") for name in LISTS}
    days = str(typed["retention_days"])
    found["retention_days"] = int(days) if days.isascii() and days.isdigit() and len(days) <= _DIGITS else days
    found["region"] = str(typed["region"]).upper()
    return found | ({"premium_destinations": typed["premium_destinations"]} if premium else {})


def zones(now: str) -> Sequence[tuple[str, tuple[str, ...]]]:
    """The time zones to choose from, by part of the world; `now`, whatever it is, among them."""
    known = _zones()
    return known if any(now in names for _, names in known) else ((N_("As it is"), (now,)), *known)


@cache
def _zones() -> tuple[tuple[str, tuple[str, ...]], ...]:
    every = sorted(available_timezones())
    places = ((place, tuple(one for one in every if one.startswith(f"{place}/"))) for place in _PLACES)
    return ((N_("Everywhere"), ("UTC",)), *places)
