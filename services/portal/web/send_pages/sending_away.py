"""The preview of a draft's pages, and its way out: sent once, however often the button is pressed."""

import asyncio
from typing import Final
from uuid import UUID

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.faxes.drawing import NoSuchPage
from services.portal.faxes.pictures import VIEWED
from services.portal.inventory.actors import NotThere
from services.portal.inventory.checking import number_of
from services.portal.inventory.store import Change, Entry
from services.portal.rendering import INERT
from services.portal.sending.api import ApiAway
from services.portal.sending.domain import Draft
from services.portal.sending.drafts import preview_key
from services.portal.sending.refusals import Refused
from services.portal.sending.sending import Sender
from services.portal.sending.words import AWAY, BUSY, UNCERTAIN
from services.portal.web.fax_pages.finding import fax_page, faxes_of
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.send_pages.drafting import draft_of, draft_page, sender_of, sending_of
from services.portal.web.send_pages.sending import NOT_YOURS, form
from services.portal.web.showing import go, show

_DIGITS: Final = 3
_LOOKS, _PAUSE = 30, 0.1
"""The history has a fax a moment after it was taken."""


async def preview(visit: Visit) -> Response:
    """The very pages that will be faxed; or the form, if they can't be made."""
    draft = await draft_of(visit)
    if draft.sent:
        return go(draft_page(draft, "sent"))
    sender = await sender_of(visit, draft)
    if sender is None:
        return await form(visit, draft, Refused((NOT_YOURS,)))
    try:
        pages = await sending_of(visit).pages(sender, draft)
    except ApiAway as away:
        return await _page(visit, draft, sender, 0, BUSY if away.busy else AWAY)
    return await form(visit, draft, pages) if isinstance(pages, Refused) else await _page(visit, draft, sender, pages)


async def picture(visit: Visit) -> Response:
    """One of those pages."""
    draft, sending = await draft_of(visit), sending_of(visit)
    typed = visit.request.path_params["number"]
    pages = await sending.drafts.previewed(visit.person.user_id, draft)
    if pages is None or not (typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS):
        raise NotThere("page")
    key = preview_key(visit.person.user_id, draft, pages)
    try:
        async with visit.services.drawings.taken(visit.person.user_id):
            data = await sending.pictures.page(key, int(typed), VIEWED)
    except NoSuchPage:
        raise NotThere("page") from None
    return Response(data, media_type="image/png", headers={**PRIVATE, **INERT})


async def send(visit: Visit) -> Response:
    """Send it, as it was seen: a draft that was changed meanwhile is shown once more."""
    draft = await draft_of(visit)
    if draft.sent:
        return go(draft_page(draft, "sent"))
    if visit.typed("version") != str(draft.version):
        return go(draft_page(draft, "preview"), "changed-meanwhile")
    sender = await sender_of(visit, draft)
    if sender is None:
        return await form(visit, draft, Refused((NOT_YOURS,)))
    try:
        sent = await sending_of(visit).send(sender, draft)
    except ApiAway as away:
        pages = await sending_of(visit).drafts.previewed(visit.person.user_id, draft)
        return await _page(visit, draft, sender, pages or 0, BUSY if away.busy else UNCERTAIN)
    if isinstance(sent, Refused):
        return await form(visit, draft, sent)
    await _record(visit, sender, sent)
    return go(draft_page(draft, "sent"))


async def sent(visit: Visit) -> Response:
    """To the page of the fax, as soon as the history has it."""
    draft = await draft_of(visit)
    if draft.sent is None:
        return go(draft_page(draft))
    history = faxes_of(visit).history
    for _ in range(_LOOKS):
        if await history.fax(draft.sent) is not None:
            return go(fax_page(draft.sent), "submitted")
        await asyncio.sleep(_PAUSE)
    answer = await show(visit, "send_taken.html", title=gettext("The fax was taken"), draft=draft)
    answer.headers["Refresh"] = "3"
    return answer


async def _page(visit: Visit, draft: Draft, sender: Sender, pages: int, refused: Refused | None = None) -> Response:
    return await show(
        visit,
        "send_preview.html",
        503 if refused else 200,
        title=gettext("Preview"),
        draft=draft,
        number=number_of(draft.to, sender.account.settings.region) or draft.to,
        address=draft_page(draft),
        sender=sender,
        pages=pages,
        refused=refused,
    )


async def _record(visit: Visit, sender: Sender, fax_id: UUID) -> None:
    entry = Entry("fax.submitted", str(fax_id), sender.account.domain)

    async def work(change: Change) -> None:
        await change.record(entry)

    await visit.services.inventory.lists.store.change(visit.actor, work)
