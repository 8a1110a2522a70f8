"""Usage by domain, fax number and month: a page, and a file."""

from typing import Final

from starlette.responses import Response

from services._runtime.history import Whose
from services._runtime.translating import gettext
from services.portal.handling.usage import COLUMNS, MOST_MONTHS, Period, UsageLine, row, total, usage
from services.portal.inventory.sheets import write
from services.portal.inventory.views import Domain
from services.portal.web.account_pages.importing import csv_file, plain
from services.portal.web.fax_pages.finding import faxes_of
from services.portal.web.gate import Visit
from services.portal.web.showing import show

ROWS: Final = 500
"""Shown at once; the file has them all."""


async def every_domain(visit: Visit) -> Response:
    """Of all domains of a reseller."""
    return await _page(visit, None)


async def every_domain_file(visit: Visit) -> Response:
    """The same, as CSV."""
    return await _file(visit, None)


async def one_domain(visit: Visit) -> Response:
    """Of one domain."""
    return await _page(visit, await _domain(visit))


async def one_domain_file(visit: Visit) -> Response:
    """The same, as CSV."""
    return await _file(visit, await _domain(visit))


async def _domain(visit: Visit) -> Domain:
    return await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])


def _period(visit: Visit) -> Period | None:
    query, today = visit.request.query_params, visit.services.inventory.lists.store.now().date()
    return Period.of(query.get("from", ""), query.get("to", query.get("from", "")), today)


def _this_month(visit: Visit) -> Period:
    first = visit.services.inventory.lists.store.now().date().replace(day=1)
    return Period(first, first)


async def _lines(visit: Visit, domain: Domain | None, period: Period) -> list[UsageLine]:
    whose = Whose(domain=domain.name) if domain else Whose(reseller=visit.actor.reseller)
    return list(await usage(faxes_of(visit).history, visit.services.inventory.lists.store, whose, period))


async def _page(visit: Visit, domain: Domain | None) -> Response:
    asked = _period(visit)
    period = asked or _this_month(visit)
    found = await _lines(visit, domain, period)
    received, sent = total(found)
    return await show(
        visit,
        "usage.html",
        200 if asked else 422,
        title=gettext("Usage of {name}").format(name=domain.name) if domain else gettext("Usage"),
        domain=domain,
        lines=found[:ROWS],
        count=len(found),
        received=received,
        sent=sent,
        first=f"{period.first:%Y-%m}",
        last=f"{period.last:%Y-%m}",
        unreadable=asked is None,
        most=MOST_MONTHS,
    )


async def _file(visit: Visit, domain: Domain | None) -> Response:
    period = _period(visit)
    if period is None:
        return await _page(visit, domain)
    name = f"usage-{plain(domain.name)}" if domain else "usage"
    data = write([row(one) for one in await _lines(visit, domain, period)], COLUMNS)
    return csv_file(data, f"{name}-{period.first:%Y-%m}-to-{period.last:%Y-%m}.csv")
