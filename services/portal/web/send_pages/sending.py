"""“Send a fax”: the form. Whatever is pressed, what was typed and chosen is kept in a draft first."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from services._runtime.translating import N_, gettext
from services.portal.sending.domain import (
    BYTES,
    DRAFTS,
    FILES,
    KEPT,
    Draft,
    Typed,
    moved,
    typed_into,
    without_file,
)
from services.portal.sending.drafts import Given
from services.portal.sending.refusals import Refusal, Refused
from services.portal.web.fax_pages.finding import fax_page
from services.portal.web.gate import Visit
from services.portal.web.send_pages.drafting import draft_of, draft_page, numbers, sending_of, there
from services.portal.web.showing import go, show

KINDS: Final = ".pdf,.tif,.tiff,.jpg,.jpeg,.png,.gif,.bmp,.webp,.heic,.docx,.odt,.txt,.csv,.html,.htm"
"""What a browser offers to choose; the API looks at the content."""

HERE: Final = ("account", "to", "files", "subject", "cover_text")
"""The fields of the form; other refusals stand on top of it."""

NO_NUMBER: Final = Refusal("to", N_("Type the fax number to call."))
NO_FILE: Final = Refusal("files", N_("Add at least one file."))
NOT_YOURS: Final = Refusal("account", N_("Choose a fax number from which you may send."))


@dataclass(frozen=True)
class Wish:
    """What a button asks for: ``preview``, ``save``, or something of one file."""

    what: str
    file_id: str = ""

    @classmethod
    def of(cls, pressed: str) -> "Wish":
        """As a button says it; the one without a name shows the pages."""
        what, _, file_id = pressed.partition(" ")
        return cls(what if what in {"save", "up", "down", "remove"} else "preview", file_id)

    def done(self, draft: Draft) -> Draft:
        """The draft after it."""
        if self.what == "remove":
            return without_file(draft, self.file_id)
        return moved(draft, self.file_id, {"up": -1, "down": 1}.get(self.what, 0))


async def new(visit: Visit) -> Response:
    """An empty form, and the drafts that wait."""
    sending = sending_of(visit)
    accounts = await numbers(visit)
    blank = typed_into(sending.drafts.blank(), Typed(account_id=accounts[0].account_id if accounts else ""))
    return await form(visit, blank, begun=False)


async def begin(visit: Visit) -> Response:
    """The first press of a button: a draft is made."""
    draft = await sending_of(visit).drafts.begin(visit.person.user_id, _edit(visit))
    return await _go_on(visit, draft)


async def draft(visit: Visit) -> Response:
    """A draft; one that was sent leads to its fax."""
    found = await draft_of(visit)
    return go(fax_page(found.sent)) if found.sent else await form(visit, found)


async def save(visit: Visit) -> Response:
    """Another press of a button."""
    found = await draft_of(visit)
    if found.sent:
        return go(fax_page(found.sent))
    changed = await sending_of(visit).drafts.change(visit.person.user_id, found.draft_id, _edit(visit))
    return await _go_on(visit, there(changed))


async def discard(visit: Visit) -> Response:
    """Throw a draft away."""
    found = await draft_of(visit)
    if not found.sent:
        await sending_of(visit).drafts.drop(visit.person.user_id, found.draft_id)
    return go("/send", "discarded")


async def form(visit: Visit, draft: Draft, refused: Refused | None = None, *, begun: bool = True) -> Response:
    """The page of a draft."""
    others = await sending_of(visit).drafts.of(visit.person.user_id)
    return await show(
        visit,
        "send.html",
        title=gettext("Send a fax"),
        draft=draft,
        address=draft_page(draft) if begun else "/send",
        begun=begun,
        numbers=await numbers(visit),
        drafts=[one for one in others if one.draft_id != draft.draft_id],
        refused=refused,
        in_form=HERE,
        kinds=KINDS,
        most_drafts=DRAFTS,
        most_files=FILES,
        most_bytes=BYTES,
        hours=int(KEPT.total_seconds() // 3600),
    )


async def _go_on(visit: Visit, draft: Draft) -> Response:
    """Keep what was uploaded, and go where the button leads, unless something is to be put right first."""
    wish = Wish.of(visit.typed("do"))
    kept, left_out = await sending_of(visit).drafts.add(visit.person.user_id, draft.draft_id, await _uploaded(visit))
    draft = there(kept)
    accounts = {one.account_id for one in await numbers(visit)}
    refusals = left_out + (_lacks(draft, accounts) if wish.what == "preview" else ())
    if refusals:
        return await form(visit, draft, Refused(refusals))
    return go(draft_page(draft, "preview") if wish.what == "preview" else f"{draft_page(draft)}#files")


def _edit(visit: Visit) -> "_Edit":
    typed = Typed(
        account_id=visit.typed("account"),
        to=visit.typed("to"),
        subject=visit.typed("subject"),
        cover=bool(visit.typed("cover") or visit.typed("cover_text")),
        cover_text=visit.typed("cover_text"),
        resolution=visit.typed("resolution"),
        order=visit.chosen("file_order"),
    )
    return _Edit(typed, Wish.of(visit.typed("do")))


@dataclass(frozen=True)
class _Edit:
    typed: Typed
    wish: Wish

    def __call__(self, draft: Draft) -> Draft:
        return self.wish.done(typed_into(draft, self.typed))


def _lacks(draft: Draft, accounts: set[str]) -> tuple[Refusal, ...]:
    wrong = (
        (draft.account_id not in accounts, NOT_YOURS),
        (not draft.to, NO_NUMBER),
        (not draft.files, NO_FILE),
    )
    return tuple(refusal for is_so, refusal in wrong if is_so)


async def _uploaded(visit: Visit) -> list[Given]:
    files = [one for one in visit.form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    return [
        Given(str(one.filename), (one.content_type or "application/octet-stream")[:100], await one.read())
        for one in files
    ]
