"""Who did what, when: newest first, found by each of them."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.faxes.listing import YEARS
from services.portal.inventory.audit import KINDS, Sought
from services.portal.inventory.views import Domain
from services.portal.web.domain_pages.deeds import deed_words
from services.portal.web.gate import Visit
from services.portal.web.showing import show
from services.portal.web.zones import zone_of

ROWS: Final = 50
FIELDS: Final = ("who", "kind", "subject", "since", "until")
_DIGITS: Final = 15


async def audit(visit: Visit) -> Response:
    """What was changed for all domains of a reseller."""
    return await _list(visit, None)


async def domain_audit(visit: Visit) -> Response:
    """What was changed in one domain."""
    return await _list(
        visit, await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    )


async def _list(visit: Visit, domain: Domain | None) -> Response:
    name, query = domain.name if domain else None, visit.request.query_params
    typed = {field: query.get(field, "").strip() for field in FIELDS}
    sought = _sought(typed, ZoneInfo(await zone_of(visit)))
    found = await visit.services.inventory.audit.entries(
        visit.actor, name, sought, before=_before(query.get("before", "")), limit=ROWS + 1
    )
    asked = {field: value for field, value in typed.items() if value}
    return await show(
        visit,
        "audit.html",
        title=gettext("Audit of {name}").format(name=name) if name else gettext("Audit"),
        domain=domain,
        entries=found[:ROWS],
        deed_words=deed_words,
        typed=typed,
        kinds=KINDS,
        filtered=bool(asked),
        older=urlencode(asked | {"before": str(found[ROWS - 1].id)}) if len(found) > ROWS else "",
    )


def _sought(typed: dict[str, str], zone: ZoneInfo) -> Sought:
    """Days are the visitor's own; the last one counts to its end."""
    until = _day(typed["until"], zone)
    return Sought(
        who=typed["who"],
        kind=typed["kind"],
        subject=typed["subject"],
        since=_day(typed["since"], zone),
        until=until + timedelta(days=1) if until else None,
    )


def _day(written: str, zone: ZoneInfo) -> datetime | None:
    try:
        day = datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _before(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else None
