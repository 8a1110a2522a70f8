"""Release: have a fax delivered that was set aside as junk or unclaimed."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from services._runtime.history import FaxRow
from services._runtime.translating import N_, gettext
from services.portal.faxes.access import Sees
from services.portal.handling.accounts import account_of
from services.portal.handling.domain import read_number, releasable
from services.portal.handling.releasing import release, taker, takers
from services.portal.inventory.actors import NotThere
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.inventory.store import Store
from services.portal.inventory.views import Account
from services.portal.web.fax_pages.actions import Action
from services.portal.web.fax_pages.finding import Found, fax_page, found
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show

CHOICES: Final = 500
"""Fax numbers offered before anything is typed; any other of theirs can be typed."""

NOT_TYPED: Final = Refused(
    (Refusal("phone_number", "number-missing", N_("Type the fax number that is to get this fax.")),)
)
UNKNOWN: Final = Refused(
    (
        Refusal(
            "phone_number",
            "number-unknown",
            N_("None of your fax numbers is that one. Choose one from the list; a number is added under Fax Accounts."),
        ),
    )
)
REMOVED: Final = Refused(
    (
        Refusal(
            "account",
            "account-removed",
            N_("The fax number that this fax came for is removed, so there is nobody to deliver it to."),
        ),
    )
)


async def offered(_: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """What can be done with a fax that was set aside."""
    return (Action(N_("Release…"), fax_page(row.fax_id, "release")),) if releasable(row, sees) else ()


async def page(visit: Visit) -> Response:
    """To whom it will be delivered; of an unclaimed fax, the question."""
    return await _page(visit, await _set_aside(visit))


async def release_it(visit: Visit) -> Response:
    """Deliver it, once, whoever else does the same meanwhile."""
    fax = await _set_aside(visit)
    account = await _account(visit, fax.row)
    if isinstance(account, Refused):
        return await _page(visit, fax, account)
    await release(_store(visit), visit.actor, fax.row, account)
    return go(fax.address, "released")


async def _set_aside(visit: Visit) -> Found:
    fax = await found(visit)
    if not releasable(fax.row, fax.sees):
        raise NotThere("fax")
    return fax


async def _account(visit: Visit, row: FaxRow) -> Account | Refused:
    if row.state == "junk":
        return await account_of(_store(visit), visit.actor, row) or REMOVED
    typed = visit.typed("phone_number")
    number = read_number(typed, row.fax_number)
    if number is None:
        return UNKNOWN if typed else NOT_TYPED
    return await taker(_store(visit), visit.actor, number) or UNKNOWN


async def _page(visit: Visit, fax: Found, no: Refused | None = None) -> Response:
    store, actor, junk = _store(visit), visit.actor, fax.row.state == "junk"
    return await show(
        visit,
        "release.html",
        title=gettext("Release this fax"),
        fax=fax.row,
        address=fax.address,
        junk=junk,
        account=await account_of(store, actor, fax.row) if junk else None,
        accounts=() if junk else await takers(store, actor, limit=CHOICES),
        refused=no,
        typed_number=visit.typed("phone_number"),
    )


def _store(visit: Visit) -> Store:
    return visit.services.inventory.lists.store
