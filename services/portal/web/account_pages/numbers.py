"""The tabs “Phone Numbers” and “ATA devices”."""

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.refusals import Refused
from services.portal.inventory.treatments import TREATMENTS
from services.portal.web.domain_pages.domains import maximum_of
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show


async def numbers(visit: Visit) -> Response:
    """The tab."""
    return await _tab(visit)


async def add_numbers(visit: Visit) -> Response:
    """More numbers of a domain; all of them, or none."""
    domain, typed = visit.request.path_params["domain"], visit.typed("numbers")
    lines = [one for one in typed.splitlines() if one.strip()]
    made = await visit.services.inventory.numbers.add_numbers(visit.actor, domain, lines)
    return await _tab(visit, typed, made) if isinstance(made, Refused) else go(domain_page(domain, "numbers"), "added")


async def set_treatment(visit: Visit) -> Response:
    """What a call to a number meets."""
    domain, number = visit.request.path_params["domain"], visit.request.path_params["number"]
    made = await visit.services.inventory.numbers.set_treatment(visit.actor, number, visit.typed("treatment"))
    return await _tab(visit, no=made) if isinstance(made, Refused) else go(domain_page(domain, "numbers"), "saved")


async def set_maximum(visit: Visit) -> Response:
    """How many fax numbers a domain may have."""
    domain, maximum = visit.request.path_params["domain"], maximum_of(visit.typed("maximum"))
    if isinstance(maximum, Refused):
        return await _tab(visit, no=maximum)
    made = await visit.services.inventory.numbers.set_maximum(visit.actor, domain, maximum)
    return await _tab(visit, no=made) if isinstance(made, Refused) else go(domain_page(domain, "numbers"), "saved")


async def devices(visit: Visit) -> Response:
    """The tab."""
    inventory, query = visit.services.inventory, visit.request.query_params.get("q", "")
    domain = await inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    found = await inventory.lists.devices(visit.actor, domain.name, query)
    return await show(
        visit,
        "devices.html",
        title=gettext("ATA devices of {name}").format(name=domain.name),
        domain=domain,
        devices=found,
        query=query,
        now=inventory.now(),
    )


async def _tab(visit: Visit, typed: str = "", no: Refused | None = None) -> Response:
    inventory, query = visit.services.inventory, visit.request.query_params
    domain = await inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    found = await inventory.lists.numbers(visit.actor, domain.name, query.get("q", ""), after=query.get("after", ""))
    return await show(
        visit,
        "numbers.html",
        title=gettext("Phone Numbers of {name}").format(name=domain.name),
        domain=domain,
        numbers=found,
        treatments=TREATMENTS,
        query=query.get("q", ""),
        refused=no,
        typed_numbers=typed,
    )
