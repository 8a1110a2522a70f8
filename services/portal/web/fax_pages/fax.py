"""The page of one fax: its pages, how it stands, each step, why it is here, and what can be done with it."""

from collections.abc import Sequence

from starlette.responses import Response

from services._runtime.history import FaxRow
from services._runtime.translating import gettext
from services.portal.faxes.documents import Documents, decision_of, documents_of, shown_key
from services.portal.faxes.drawing import MAX_PAGES
from services.portal.faxes.shelves import TITLES, shelf_of
from services.portal.faxes.told import missing, result, story, why_here
from services.portal.faxes.words import duration, moving, pages_of, status_of
from services.portal.web.fax_pages.faxes import shelf_page
from services.portal.web.fax_pages.finding import faxes_of, found
from services.portal.web.fax_pages.live import stream_of
from services.portal.web.fax_pages.offers import actions
from services.portal.web.fax_pages.viewing import record
from services.portal.web.gate import Visit
from services.portal.web.showing import show


async def page(visit: Visit) -> Response:
    """The page."""
    stream = stream_of(visit)
    fax = await found(visit)
    row, faxes = fax.row, faxes_of(visit)
    if fax.sees.pages:
        await record(visit, row, "fax.viewed")
    documents = await documents_of(faxes.blobs, row) if fax.sees.pages else Documents()
    decision = await decision_of(faxes.blobs, row)
    shelf = shelf_of(row)
    return await show(
        visit,
        "fax_page.html",
        title=gettext("Fax from") if row.direction == "received" else gettext("Fax to"),
        fax=row,
        stream=stream,
        address=fax.address,
        sees=fax.sees,
        shelf=(shelf_page(shelf), TITLES[shelf]),
        state=status_of(row.direction, row.state),
        moving=moving(row),
        pages=pages_of(row),
        duration=duration(row.seconds),
        documents=documents,
        shown=_shown(row, documents),
        missing=missing(row, decision),
        result=result(row),
        steps=story(await faxes.history.steps(row.fax_id), reads=fax.sees.pages),
        why=why_here(row, decision),
        actions=await actions(visit, row, fax.sees),
    )


def _shown(row: FaxRow, documents: Documents) -> Sequence[int]:
    """The numbers of the pages that can be shown."""
    ready = shown_key(row) in {documents.pdf, documents.tiff}
    return range(1, min(row.pages or 0, MAX_PAGES) + 1) if ready else ()
