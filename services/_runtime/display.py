"""How values are shown to people, the same in a mail and on a page: numbers, moments, file names, colours."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_time

from services._runtime.texts import straight
from services._runtime.translating import gettext, language, ngettext

_LIGHT, _DARK = "#ffffff", "#000000"


def party(name: str | None) -> str:
    """A caller or destination: a number in international form if it is one, else as given."""
    if not name:
        return gettext("an unknown number")
    try:
        number = phonenumbers.parse(name, None)
    except phonenumbers.NumberParseException:
        return straight(name)
    if not phonenumbers.is_possible_number(number):
        return straight(name)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def in_zone(moment: datetime, zone: str) -> datetime:
    """`moment` on the clock of `zone`, or on UTC's if nobody knows that zone."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return moment.astimezone(ZoneInfo("UTC"))


def when(moment: datetime, zone: str) -> str:
    """``24 November 2026, 09:40 (EST)``: absolute and unambiguous in every country."""
    local = in_zone(moment, zone)
    return clock(local, _zone_name(local))


def clock(local: datetime, zone: str) -> str:
    """The same, of a clock that shows `local` in a zone called `zone`."""
    time = format_time(local.time(), "short", locale=language().locale)
    return gettext("{day}, {time} ({zone})").format(day=_day(local), time=time, zone=zone)


def day(moment: datetime, zone: str) -> str:
    """``24 November 2026``."""
    return _day(in_zone(moment, zone))


def _day(local: datetime) -> str:
    return format_date(local.date(), "long", locale=language().locale)


def count(pages: int) -> str:
    """``1 page``, ``3 pages``."""
    return ngettext("%(num)d page", "%(num)d pages", pages) % {"num": pages}


def fax_filename(moment: datetime, zone: str, other: str | None) -> str:
    """``fax-2026-11-24-0940-15550100.pdf``: ASCII, without a character that any file system refuses."""
    known = re.sub(r"[^a-z0-9]+", "-", (other or "").lower()).strip("-")[:40]
    return f"fax-{in_zone(moment, zone):%Y-%m-%d-%H%M}{f'-{known}' if known else ''}.pdf"


def text_on(colour: str) -> str:
    """White or black, whichever reads better on `colour` (``#rrggbb``): always 4.5:1 or more (WCAG 2.2, 1.4.3)."""
    return max((_LIGHT, _DARK), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)  # noqa: PLR2004 - sRGB
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _zone_name(local: datetime) -> str:
    name, offset = local.tzname() or "UTC", local.strftime("%z")
    return name if name.isalpha() else f"UTC{offset[:3]}:{offset[3:5]}"
