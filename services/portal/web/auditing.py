"""Who did what, when."""

from typing import Final

from starlette.responses import Response

from services.portal.inventory.views import Domain
from services.portal.web.gate import Visit
from services.portal.web.showing import show

ROWS: Final = 50
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
    typed = visit.request.query_params.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else None
    name = domain.name if domain else None
    found = await visit.services.inventory.lists.audit(visit.actor, name, before=before, limit=ROWS + 1)
    title = f"Audit of {name}" if name else "Audit"
    return await show(visit, "audit.html", title=title, domain=domain, entries=found[:ROWS], more=len(found) > ROWS)
