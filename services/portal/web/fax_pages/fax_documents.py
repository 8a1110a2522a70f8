"""The documents of one fax, each inert: its thumbnail, the pictures of its pages, the PDF and the TIFF."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from services._runtime.display import fax_filename
from services.portal.faxes.documents import documents_of, shown_key, thumbnail_of
from services.portal.faxes.drawing import NoSuchPage
from services.portal.faxes.pictures import SMALL, VIEWED
from services.portal.faxes.reading import TooManyDocuments
from services.portal.inventory.actors import NotThere
from services.portal.rendering import INERT, READABLE
from services.portal.web.fax_pages.finding import Found, faxes_of, readable
from services.portal.web.fax_pages.viewing import record
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.shipped import content
from services.portal.web.zones import zone_of

NO_PICTURE: Final = "page.svg"
_DIGITS: Final = 3


async def thumbnail(visit: Visit) -> Response:
    """The small picture of the first page, for lists; a blank page while there is none."""
    fax = await readable(visit)
    if seconds := visit.services.thumbnails.take(visit.person.user_id):
        raise TooManyDocuments(seconds)
    picture = await thumbnail_of(faxes_of(visit).blobs, fax.row)
    if picture is None:
        return _inert(content(NO_PICTURE), "image/svg+xml")
    return _inert(picture, "image/png")


async def page(visit: Visit) -> Response:
    """A page, to read."""
    return await _picture(visit, VIEWED)


async def small_page(visit: Visit) -> Response:
    """A page, to choose."""
    return await _picture(visit, SMALL)


async def _picture(visit: Visit, width: int) -> Response:
    fax, number = await readable(visit), visit.request.path_params["page"]
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise NotThere("page")
    await record(visit, fax.row, "fax.viewed")
    try:
        async with visit.services.drawings.taken(visit.person.user_id):
            picture = await faxes_of(visit).pictures.page(shown_key(fax.row), int(number), width)
    except NoSuchPage:
        raise NotThere("page") from None
    return _inert(picture, "image/png")


async def pdf(visit: Visit) -> Response:
    """The PDF: to read in the browser, or with ``?download`` to keep."""
    fax = await readable(visit)
    return await _document(visit, fax, "pdf", keep="download" in visit.request.query_params)


async def tiff(visit: Visit) -> Response:
    """The TIFF, to keep."""
    return await _document(visit, await readable(visit), "tiff", keep=True)


async def _document(visit: Visit, fax: Found, kind: str, *, keep: bool) -> Response:
    blobs = faxes_of(visit).blobs
    documents = await documents_of(blobs, fax.row)
    key = documents.pdf if kind == "pdf" else documents.tiff
    await record(visit, fax.row, "fax.downloaded" if keep else "fax.viewed")
    data = await blobs.get(key) if key else None
    if data is None:
        raise NotThere("document")
    name = fax_filename(fax.row.accepted_at, await zone_of(visit), fax.row.other_party)
    name = name if kind == "pdf" else name.removesuffix(".pdf") + ".tif"
    way, policy = ("attachment", INERT) if keep else ("inline", READABLE)
    media = "application/pdf" if kind == "pdf" else "image/tiff"
    return _inert(data, media, {"Content-Disposition": f'{way}; filename="{name}"', **policy})


def _inert(data: bytes, media_type: str, headers: Mapping[str, str] = INERT) -> Response:
    return Response(data, media_type=media_type, headers={**PRIVATE, **headers})
