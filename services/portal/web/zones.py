"""Moments on the clock of whoever looks: the browser's zone, else that of their fax account, else UTC, named as such.

Templates say `moment | ago` in lists and `moment | when` on pages. Each makes a `<time>` whose title is the exact
instant. `moment | exactly` is the plain text, for attributes.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal
from zoneinfo import available_timezones

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request

from services._runtime import display
from services._runtime.translating import gettext, ngettext
from services.portal.inventory.actors import NotThere
from services.portal.web.gate import Visit

COOKIE: Final = "portal-zone"
"""Set by the script. It says what anybody may say, so it is read as a name and nothing else."""

UNKNOWN: Final = "UTC"

_DAYS: Final = timedelta(days=14)
"""After that, a date says more than how long ago it was."""

_SHAPE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")
_MOST: Final = 64


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def browser_zone(request: Request) -> str | None:
    """The zone that the browser says it is in, if there is such a zone."""
    said = request.cookies.get(COOKIE, "")[:_MOST].replace("%2F", "/")
    return said if _SHAPE.fullmatch(said) and said in _known() else None


async def zone_of(visit: Visit) -> str:
    """The zone in which a visit's page tells moments.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    said = browser_zone(visit.request)
    if said or visit.session is None or visit.person.role not in {"user", "manager"}:
        return said or UNKNOWN
    try:
        found = await visit.services.inventory.lists.accounts(visit.actor, visit.actor.domain or "", limit=1)
    except NotThere:
        return UNKNOWN
    return found[0].settings.time_zone if found else UNKNOWN


def ago_words(moment: datetime, zone: str, now: datetime | None = None) -> str:
    """``just now``, ``5 minutes ago``, ``3 days ago``, then the day on the clock of `zone`."""
    since = max((now or datetime.now(UTC)) - moment, timedelta())  # another host's clock may be ahead
    if since >= _DAYS:
        return display.day(moment, zone)
    if count := since // timedelta(days=1):
        return ngettext("%(num)d day ago", "%(num)d days ago", count) % {"num": count}
    if count := since // timedelta(hours=1):
        return ngettext("%(num)d hour ago", "%(num)d hours ago", count) % {"num": count}
    if count := since // timedelta(minutes=1):
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", count) % {"num": count}
    return gettext("just now")


def instant(moment: datetime) -> str:
    """The instant itself, to the second: ``2026-11-24 14:40:03 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def install(environment: Environment) -> None:
    """Give templates the filters; `zone` is the zone of a page that says nothing else."""
    environment.filters.update(when=_when, ago=_ago, day=_day, exactly=_exactly)
    environment.globals["zone"] = UNKNOWN


@pass_context
def _when(context: Context, moment: datetime) -> Markup:
    return _time(moment, display.when(moment, context["zone"]), instant(moment))


@pass_context
def _day(context: Context, moment: datetime) -> Markup:
    return _time(moment, display.day(moment, context["zone"]), instant(moment))


@pass_context
def _ago(context: Context, moment: datetime) -> Markup:
    zone = context["zone"]
    title = f"{display.when(moment, zone)} · {instant(moment)}"
    return _time(moment, ago_words(moment, zone), title, " data-ago")


@pass_context
def _exactly(context: Context, moment: datetime) -> str:
    return display.when(moment, context["zone"])


def _time(moment: datetime, words: str, title: str, attribute: Literal["", " data-ago"] = "") -> Markup:
    stamp = moment.astimezone(UTC).isoformat()
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(stamp, title, attribute, words)
