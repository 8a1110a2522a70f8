"""A received fax: the bytes telephony uploaded → a PDF, a picture of its first page, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.ingest.documents import tags
from services.ingest.documents.inspection import Inspection, Inspector, Reported
from services.ingest.documents.libtiff import encode_g4
from services.ingest.documents.page import Page, page_of
from services.ingest.documents.pdf import CodedPage, coded_page, write_pdf
from services.ingest.documents.pictures import write_picture_pdf
from services.ingest.documents.raster import Raster, decode_page
from services.ingest.documents.thumbnail import thumbnail
from services.ingest.documents.tiff import Directories, read_directories
from services.ingest.documents.unreadable import Reason, UnreadableDocument, UnreadablePage


@dataclass(frozen=True, slots=True)
class Converted:
    """What is made of a received fax.

    Attributes:
        pdf: every page of which anything can be read; the same fax gives the same bytes.
        thumbnail: the first of them, as a PNG 216 pixels across.
        inspection: what arrived and what is missing.
    """

    pdf: bytes
    thumbnail: bytes
    inspection: Inspection


def convert_received(data: bytes, pages_announced: int | None, bad_rows_reported: int = 0) -> Converted:
    """Convert a received fax, whole or in part.

    Each page is decoded once, which counts its rows, proves it whole and gives the first page's picture. A page proved
    whole goes into the PDF as it is; any other one is coded anew from the rows that could be read.

    Args:
        data: the TIFF file as it was received.
        pages_announced: pages the sender announced or telephony counted; None if nobody did.
        bad_rows_reported: damaged rows of all pages that the call's result counts.

    Raises:
        UnreadableDocument: nothing of it can be delivered.
    """
    return _Conversion(data, Reported(pages_announced, bad_rows_reported)).converted()


class _Conversion:
    """One fax on its way; pages are decoded one after the other, and only one is held at a time."""

    def __init__(self, data: bytes, reported: Reported) -> None:
        self._data = data
        self._directories = read_directories(data)
        self._inspector = Inspector(reported, _sender(self._directories))
        self._picture = b""
        self._reasons: list[Reason] = []

    def converted(self) -> Converted:
        if any(directory.number(tags.BITS_PER_SAMPLE, 1) != 1 for directory in self._directories.found):
            pdf = write_picture_pdf(raster for _, raster in self._pages())
        else:
            pdf = write_pdf([_coded(page, raster) for page, raster in self._pages()])
        directories = self._directories
        damaged = directories.broken or any(directory.lost for directory in directories.found)
        inspection = self._inspector.ended(damaged=damaged, pages_stated=_stated(directories))
        return Converted(pdf, self._picture, inspection)

    def _pages(self) -> Iterator[tuple[Page, Raster]]:
        readable = False
        for directory in self._directories.found:
            try:
                page = page_of(directory, self._data)
                raster = decode_page(page)
            except UnreadablePage as unreadable:
                self._inspector.unreadable(unreadable.reason)
                self._reasons.append(unreadable.reason)
                continue
            readable = True
            self._inspector.page(page, raster)
            self._picture = self._picture or thumbnail(raster)
            yield page, raster
        if not readable:
            raise UnreadableDocument(self._reasons[0])


def _coded(page: Page, raster: Raster) -> CodedPage:
    if raster.exact:
        return coded_page(page)
    rows, width = raster.pixels.shape
    return CodedPage(width, rows, raster.x_dpi, raster.y_dpi, -1, set_is_black=True, data=encode_g4(raster.pixels))


def _sender(directories: Directories) -> str | None:
    text = directories.found[0].text.get(tags.IMAGE_DESCRIPTION, b"").decode("ascii", "replace").strip()
    return "".join(filter(str.isprintable, text)) or None


def _stated(directories: Directories) -> int:
    numbers = [directory.whole(tags.PAGE_NUMBER) for directory in directories.found]
    return max((pair[1] for pair in numbers if len(pair) == 2), default=0)  # noqa: PLR2004  # (page, of so many)
