"""The lists of faxes: received, sent, unclaimed and junk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services._runtime.display import party
from services._runtime.history import FaxRow, Page, Whose
from services._runtime.reasons import reason
from services._runtime.translating import gettext
from services.portal.faxes.access import Sees, Viewer, visible, whose
from services.portal.faxes.listing import Asked, listed
from services.portal.faxes.shelves import GROUPS, HEADINGS, SHELVES, TITLES, Shelf
from services.portal.faxes.words import Status, pages_of, status_of
from services.portal.inventory.views import Account
from services.portal.web.fax_pages.finding import faxes_of, viewer_of
from services.portal.web.fax_pages.live import stream_of
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show
from services.portal.web.zones import zone_of

CHOICES: Final = 300
"""Fax numbers to choose from; a larger domain is searched by the other party's number."""


@dataclass(frozen=True)
class Line:
    """A row of a list as it is shown. `why` tells why it isn't as hoped."""

    row: FaxRow
    sees: Sees
    status: Status
    pages: str
    why: str

    @classmethod
    def of(cls, row: FaxRow, viewer: Viewer) -> "Line":
        """As `viewer` sees it."""
        status = status_of(row.direction, row.state)
        why = reason(row.reason) if status.kind == "bad" else ""
        return cls(row, visible(viewer, row), status, pages_of(row), why)


async def front(visit: Visit) -> Response:
    """To the first list."""
    return go(shelf_page(SHELVES[visit.person.role][0]))


async def received(visit: Visit) -> Response:
    """The list of received faxes that were delivered."""
    return await _list(visit, "received")


async def sent(visit: Visit) -> Response:
    """The list of sent faxes."""
    return await _list(visit, "sent")


async def unclaimed(visit: Visit) -> Response:
    """The list of received faxes whose number is nobody's."""
    return await _list(visit, "unclaimed")


async def junk(visit: Visit) -> Response:
    """The list of received faxes from blocked callers."""
    return await _list(visit, "junk")


def shelf_page(shelf: Shelf) -> str:
    """The address of a list."""
    return f"/faxes/{shelf}"


async def _list(visit: Visit, shelf: Shelf) -> Response:
    stream, faxes, viewer = stream_of(visit), faxes_of(visit), await viewer_of(visit)
    asked = Asked.of(shelf, visit.request.query_params)
    accounts = await _accounts(visit)
    them, zone = await _whose(visit, viewer, asked), ZoneInfo(await zone_of(visit))
    page = await listed(faxes.history, viewer, them, asked, zone) if them else Page((), None)
    return await show(
        visit,
        "faxes.html",
        title=gettext(HEADINGS[shelf]),
        stream=stream,
        shelf=shelf,
        shelves=[(shelf_page(one), TITLES[one], one) for one in SHELVES[viewer.role]],
        groups=GROUPS[shelf],
        accounts=[(one.account_id, party(one.number), one.state == "removed") for one in accounts],
        domains=await _domains(visit),
        asked=asked,
        lines=[Line.of(one, viewer) for one in page.rows],
        older=asked.older(page.next) if page.next else None,
        numbered=bool(accounts) or viewer.role == "reseller",
    )


async def _whose(visit: Visit, viewer: Viewer, asked: Asked) -> Whose | None:
    """Whose faxes: all that the viewer sees, or of one account or domain that is theirs.

    Raises:
        NotThere: The account or the domain is not theirs.
    """
    lists, actor = visit.services.inventory.lists, visit.actor
    if asked.account:
        return Whose(accounts=((await lists.account(actor, asked.account)).account_id,))
    if asked.domain and viewer.role == "reseller":
        return Whose(domain=(await lists.domain(actor, asked.domain)).name)
    return whose(viewer)


async def _accounts(visit: Visit) -> Sequence[Account]:
    """The fax numbers that one can choose, removed ones last."""
    lists, actor = visit.services.inventory.lists, visit.actor
    if actor.domain is None:
        return ()
    there = await lists.accounts(actor, actor.domain, limit=CHOICES)
    return (*there, *await lists.accounts(actor, actor.domain, removed=True, limit=CHOICES))


async def _domains(visit: Visit) -> Sequence[str]:
    """The domains that a reseller can choose."""
    if visit.person.role != "reseller":
        return ()
    return [one.name for one in await visit.services.inventory.lists.domains(visit.actor)]
