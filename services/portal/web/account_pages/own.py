"""The first page of a user: their own fax numbers."""

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.web.gate import Visit
from services.portal.web.showing import show


async def own(visit: Visit) -> Response:
    """The fax numbers of which somebody is the primary user."""
    inventory, actor = visit.services.inventory, visit.actor
    found = await inventory.lists.accounts(actor, actor.domain or "")
    return await show(
        visit, "own.html", title=gettext("My fax numbers"), accounts=found, live=visit.services.states(found)
    )
