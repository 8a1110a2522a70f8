"""PDF → pages, by pdfium (BSD)."""

import io
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pypdfium2
from pypdfium2 import raw

from services.ingest.documents.geometry import WIDTH, placed
from services.ingest.documents.halftone import Grey
from services.ingest.documents.limits import MAX_PAGES
from services.ingest.documents.pdf import POINTS
from services.ingest.documents.refusals import Refusal, RefusedFile
from services.ingest.documents.sheet import Opened, Setup, Sheet

_WHITE: Final = 0xFFFFFFFF
_QUARTERS_TURNED: Final = 3
"""Quarter turns with the clock that are one against it."""
_SHOWN: Final = raw.FPDF_ANNOT | raw.FPDF_GRAYSCALE | raw.FPDF_PRINTING
_REASONS: Final[dict[int, Refusal]] = {
    raw.FPDF_ERR_PASSWORD: "password-protected",
    raw.FPDF_ERR_SECURITY: "password-protected",
    raw.FPDF_ERR_FILE: "empty",  # left over: pdfium names no error for a document without pages
}


def open_pdf(data: bytes, setup: Setup) -> Opened:
    """Count a PDF's pages.

    Raises:
        RefusedFile: "password-protected", "damaged-document", "too-many-pages", "empty" (it has no page), or
            "unsupported-format" (a form that only Adobe's own programs can show, or a portfolio of files).
    """
    raw.FPDF_LoadDocument(b"", None)  # fails, and sets an error by which a failure without one can be told
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise RefusedFile(_REASONS.get(error.err_code, "damaged-document")) from error
    pages = len(document)
    if not pages:
        raise RefusedFile("empty")
    if pages > MAX_PAGES:
        raise RefusedFile("too-many-pages")
    if document.count_attachments() and _is_portfolio(data):
        raise RefusedFile("unsupported-format")
    kind = document.get_formtype()
    if kind == raw.FORMTYPE_XFA_FULL:  # its pages say no more than "please open this in another program"
        raise RefusedFile("unsupported-format")
    if kind != raw.FORMTYPE_NONE:
        document.init_forms()
    return Opened(pages, lambda: _sheets(document, setup))


def _is_portfolio(data: bytes) -> bool:
    """Whether its documents are the files in it, and its page only says so (PDF 32000-1 section 12.3.5)."""
    import pikepdf  # noqa: PLC0415  # 20 MB of code that few documents need

    try:
        with pikepdf.open(io.BytesIO(data)) as opened:
            return pikepdf.Name.Collection in opened.Root
    except Exception:  # noqa: BLE001  # what this reader can't open, pdfium could
        return False


def _sheets(document: Any, setup: Setup) -> Iterator[Sheet]:
    for number in range(len(document)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError as error:
            raise RefusedFile("damaged-document") from error
        yield Sheet(_drawn(document, page, setup.y_dpi), setup.y_dpi)
        page.close()
    document.close()


def _drawn(document: Any, page: Any, y_dpi: int) -> Grey:
    """Draw a page straight into fax pixels, which are not square; nothing is resampled after."""
    width, height = page.get_size()
    place = placed(width / POINTS, height / POINTS, y_dpi)
    grey = np.empty((place.down, WIDTH), np.uint8)
    bitmap = raw.FPDFBitmap_CreateEx(WIDTH, place.down, raw.FPDFBitmap_Gray, grey.ctypes.data, WIDTH)
    if not bitmap:
        raise RefusedFile("page-too-large")
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, WIDTH, place.down, _WHITE)
    turns = _QUARTERS_TURNED if place.turned else 0
    where = (place.left, 0, place.across, place.down, turns, _SHOWN)
    raw.FPDF_RenderPageBitmap(bitmap, page, *where)
    if document.formenv:  # what is filled into a form is drawn apart
        raw.FPDF_FFLDraw(document.formenv, bitmap, page, *where)
    raw.FPDFBitmap_Destroy(bitmap)
    return grey
