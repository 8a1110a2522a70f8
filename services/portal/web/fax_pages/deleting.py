"""Delete: a fax goes for good, after the page has said what that means."""

from collections.abc import Sequence

from starlette.responses import Response

from services._runtime.history import FaxRow
from services._runtime.translating import N_, gettext
from services.portal.faxes.access import Sees
from services.portal.faxes.shelves import shelf_of
from services.portal.handling.deleting import delete, holds_on
from services.portal.handling.domain import deletable
from services.portal.inventory.actors import NotThere
from services.portal.inventory.views import Held
from services.portal.web.fax_pages.actions import Action
from services.portal.web.fax_pages.faxes import shelf_page
from services.portal.web.fax_pages.finding import Found, fax_page, found
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show


async def offered(visit: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """What can be done with a fax that nothing needs any more."""
    if not deletable(visit.person.role, row, sees):
        return ()
    return (Action(N_("Delete…"), fax_page(row.fax_id, "delete"), danger=True),)


async def page(visit: Visit) -> Response:
    """What it means, and the button; or the hold that keeps the fax."""
    fax = await _theirs(visit)
    return await _page(visit, fax, await holds_on(visit.services.inventory.lists.store, fax.row))


async def delete_it(visit: Visit) -> Response:
    """Ask for it, if no hold keeps it now."""
    fax = await _theirs(visit)
    held = await delete(visit.services.inventory.lists.store, visit.actor, fax.row)
    if held:
        return await _page(visit, fax, held, 409)
    return go(shelf_page(shelf_of(fax.row)), "fax-deleted")


async def _theirs(visit: Visit) -> Found:
    fax = await found(visit)
    if not deletable(visit.person.role, fax.row, fax.sees):
        raise NotThere("fax")
    return fax


async def _page(visit: Visit, fax: Found, held: Sequence[Held], status: int = 200) -> Response:
    return await show(
        visit, "delete_fax.html", status, title=gettext("Delete this fax"), fax=fax.row, address=fax.address, held=held
    )
