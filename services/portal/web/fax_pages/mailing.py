"""Forward by mail: the page that asks to whom, and what becomes of the answer."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from starlette.responses import Response

from schemas.base import StoredObject
from schemas.fax import Missing
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.history import FaxRow
from services._runtime.translating import N_, gettext
from services.portal.faxes.access import Sees
from services.portal.faxes.documents import decision_of
from services.portal.faxes.shelves import TITLES, shelf_of
from services.portal.handling.accounts import account_of
from services.portal.handling.domain import forwardable, way_of
from services.portal.handling.forwarding import Forwarding, forward
from services.portal.inventory.actors import MAY, NotThere
from services.portal.inventory.refusals import Refused
from services.portal.inventory.views import Account, User
from services.portal.web.fax_pages.actions import Action
from services.portal.web.fax_pages.faxes import shelf_page
from services.portal.web.fax_pages.finding import Found, fax_page, faxes_of, readable
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show

CHOICES: Final = 300
"""People of an office to choose from; anybody else of it can be typed."""


async def offered(visit: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """What can be done with a fax whose account lets it be forwarded."""
    if not forwardable(visit.person.role, row, sees) or await _account(visit, row) is None:
        return ()
    return (Action(N_("Forward by mail…"), fax_page(row.fax_id, "mail")),)


async def page(visit: Visit) -> Response:
    """To whom."""
    return await _page(visit, *await _theirs(visit), uuid4())


async def mail_it(visit: Visit) -> Response:
    """Have it mailed, once, however often the form is sent."""
    fax, account = await _theirs(visit)
    form = _form(visit)
    async with visit.services.large_forms.taken(visit.person.user_id):  # its size is known when it is read
        wanted = Forwarding(form, visit.typed("email"), await _document(visit, fax), await _missing(visit, fax))
    refused = await forward(visit.services.inventory.lists.store, visit.actor, fax.row, wanted)
    if refused:
        return await _page(visit, fax, account, form, refused)
    return go(fax.address, "forwarded")


async def _theirs(visit: Visit) -> tuple[Found, Account]:
    fax = await readable(visit)
    account = await _account(visit, fax.row) if forwardable(visit.person.role, fax.row, fax.sees) else None
    if account is None:
        raise NotThere("fax")
    return fax, account


async def _account(visit: Visit, row: FaxRow) -> Account | None:
    """The fax's account, if it lets its faxes be forwarded."""
    account = await account_of(visit.services.inventory.lists.store, visit.actor, row)
    return account if account and account.settings.mail_forwarding else None


def _form(visit: Visit) -> UUID:
    """Which form it was; one that doesn't say is another each time."""
    try:
        return UUID(visit.typed("form"))
    except ValueError:
        return uuid4()


async def _document(visit: Visit, fax: Found) -> StoredObject:
    key = fax_prefix(fax.row.accepted_at, fax.row.fax_id) + DOCUMENT
    data = await faxes_of(visit).blobs.get(key)
    if data is None:
        raise NotThere("pages")
    return StoredObject(key=key, size=len(data), media_type="application/pdf")


async def _missing(visit: Visit, fax: Found) -> tuple[Missing, ...]:
    decision = await decision_of(faxes_of(visit).blobs, fax.row)
    return decision.missing if decision else ()


async def _people(visit: Visit, account: Account) -> Sequence[User]:
    """Whom the visit's person may see of the office."""
    if "see-users" not in MAY[visit.actor.role]:
        return ()
    return await visit.services.inventory.lists.users(visit.actor, account.domain, limit=CHOICES)


async def _page(visit: Visit, fax: Found, account: Account, form: UUID, refused: Refused | None = None) -> Response:
    shelf = shelf_of(fax.row)
    return await show(
        visit,
        "mail_fax.html",
        title=gettext("Forward this fax by mail"),
        fax=fax.row,
        address=fax.address,
        shelf=(shelf_page(shelf), TITLES[shelf]),
        form=form,
        people=await _people(visit, account),
        others=account.settings.forward_to,
        way=way_of(account),
        signs_in=account.settings.link_access == "sign-in",
        typed_email=visit.typed("email") if refused else "",
        refused=refused,
    )
