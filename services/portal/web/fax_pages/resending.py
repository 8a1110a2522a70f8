"""On the page of a fax: send it again, forward it, cancel it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.responses import Response

from schemas.fax import FaxState
from services._runtime.blobs import Blobs
from services._runtime.history import FaxRow
from services._runtime.translating import N_
from services.portal.faxes.access import Sees
from services.portal.inventory.actors import NotThere
from services.portal.inventory.store import Change, Entry
from services.portal.sending.again import Beginning, again, forwarded
from services.portal.sending.api import ApiAway, Problem
from services.portal.sending.domain import typed_into
from services.portal.web.fax_pages.actions import Action
from services.portal.web.fax_pages.finding import Found, fax_page, faxes_of, readable
from services.portal.web.fax_pages.viewing import record
from services.portal.web.gate import Visit
from services.portal.web.send_pages.drafting import draft_page, numbers, sending_of
from services.portal.web.showing import go
from services.portal.web.zones import zone_of

CANCELLABLE: Final[frozenset[FaxState]] = frozenset({"accepted", "ready", "routed", "dialling", "waiting-to-redial"})
"""States of a sent fax that is still on its way."""

SENDERS: Final = frozenset({"user", "manager"})


async def offered(visit: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """What can be done with a fax by whoever may read it and send."""
    if not sees.pages or visit.services.sending is None or visit.person.role not in SENDERS:
        return ()
    offers = []
    if row.direction == "sent" and row.state in CANCELLABLE:
        offers.append(Action(N_("Cancel"), fax_page(row.fax_id, "cancel"), "post", N_("Cancel this fax?")))
    elif row.direction == "sent":
        offers.append(Action(N_("Send again"), fax_page(row.fax_id, "again"), "post"))
    if row.pages:
        offers.append(Action(N_("Forward by fax"), fax_page(row.fax_id, "forward"), "post"))
    return offers


async def send_again(visit: Visit) -> Response:
    """A draft of what was submitted, to send it once more."""
    fax = await readable(visit)
    if fax.row.direction != "sent":
        raise NotThere("fax")
    return await _begun(visit, fax, again)


async def forward(visit: Visit) -> Response:
    """A draft of a fax's pages, to send them to somebody else."""
    return await _begun(visit, await readable(visit), forwarded)


async def cancel(visit: Visit) -> Response:
    """Don't dial it any more."""
    fax = await readable(visit)
    row = fax.row
    if row.direction != "sent" or row.account_id is None:
        raise NotThere("fax")
    try:
        done = await sending_of(visit).api.cancel(row.account_id, row.fax_id)
    except ApiAway:
        return go(fax.address, "not-reached")
    if isinstance(done, Problem):
        return go(fax.address, "not-cancellable")
    await _record(visit, row)
    return go(fax.address, done if done in {"cancelled", "cancelling"} else "cancelling")


async def _begun(
    visit: Visit, fax: Found, begin: Callable[[Blobs, FaxRow, str], Awaitable[Beginning | None]]
) -> Response:
    drafts = sending_of(visit).drafts
    await record(visit, fax.row, "fax.viewed")
    async with visit.services.large_forms.taken(visit.person.user_id):  # its files are held in memory as uploads are
        beginning = await begin(faxes_of(visit).blobs, fax.row, await zone_of(visit))
        if beginning is None:
            raise NotThere("pages")
        usable = [one.account_id for one in await numbers(visit)]
        draft = await drafts.begin(visit.person.user_id, lambda blank: typed_into(blank, beginning.typed))
        if draft.account_id not in usable and usable:
            await drafts.change(
                visit.person.user_id, draft.draft_id, lambda now: now.model_copy(update={"account_id": usable[0]})
            )
        await drafts.add(visit.person.user_id, draft.draft_id, beginning.files)
    return go(draft_page(draft))


async def _record(visit: Visit, row: FaxRow) -> None:
    entry = Entry("fax.cancelled", str(row.fax_id), visit.person.domain or row.domain)

    async def work(change: Change) -> None:
        await change.record(entry)

    await visit.services.inventory.lists.store.change(visit.actor, work)
