"""The tab “Removed”: fax accounts that were removed, by whom, and what became of their numbers."""

from datetime import datetime

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.web.gate import Visit
from services.portal.web.showing import show

ROWS = 50


async def removed(visit: Visit) -> Response:
    """The list, the newest first."""
    inventory, query = visit.services.inventory, visit.request.query_params
    domain = await inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    found = await inventory.removed.accounts(
        visit.actor, domain.name, query.get("q", ""), before=_moment(query.get("before", "")), limit=ROWS + 1
    )
    return await show(
        visit,
        "removed.html",
        title=gettext("Removed fax accounts of {name}").format(name=domain.name),
        domain=domain,
        removed=found[:ROWS],
        query=query.get("q", ""),
        before=found[ROWS - 1].account.changed_at.isoformat() if len(found) > ROWS else "",
    )


def _moment(typed: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
