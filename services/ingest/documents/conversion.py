"""A received fax: the bytes telephony uploaded → a PDF, a picture of its first page, and what is missing."""

from dataclasses import dataclass

from services.ingest.documents import tiff
from services.ingest.documents.inspection import Inspection, Inspector
from services.ingest.documents.libtiff import encode_g4
from services.ingest.documents.page import UnreadablePage, page_of
from services.ingest.documents.pdf import CodedPage, coded_page, write_pdf
from services.ingest.documents.raster import Raster, decode_page
from services.ingest.documents.thumbnail import thumbnail
from services.ingest.documents.tiff import Directories, read_directories
from services.ingest.documents.unreadable import Reason, UnreadableDocument


@dataclass(frozen=True, slots=True)
class Converted:
    """What is made of a received fax.

    Attributes:
        pdf: every page of which anything can be read; the same fax gives the same bytes.
        thumbnail: the first of them, as a PNG 200 pixels across.
        inspection: what arrived and what is missing.
    """

    pdf: bytes
    thumbnail: bytes
    inspection: Inspection


def convert_received(data: bytes, pages_announced: int | None) -> Converted:
    """Convert a received fax, whole or in part.

    Each page is decoded once, which counts its rows, proves it whole and gives the first page's picture. A page proved
    whole goes into the PDF as it is; any other one is coded anew from the rows that could be read.

    Args:
        data: the TIFF file as it was received.
        pages_announced: pages the sender announced or telephony counted; None if nobody did.

    Raises:
        UnreadableDocument: nothing of it can be delivered.
    """
    directories = read_directories(data)
    inspector = Inspector(pages_announced, _sender(directories))
    coded: list[CodedPage] = []
    picture = b""
    reasons: list[Reason] = []
    for directory in directories.found:
        try:
            page = page_of(directory, data)
            raster = decode_page(page)
        except UnreadablePage as unreadable:
            inspector.unreadable(unreadable.reason)
            reasons.append(unreadable.reason)
            continue
        inspector.page(page, raster)
        coded.append(coded_page(page) if raster.exact else _coded_anew(raster))
        picture = picture or thumbnail(raster)
    if not coded:
        raise UnreadableDocument(reasons[0])
    damaged = directories.broken or any(directory.lost for directory in directories.found)
    return Converted(write_pdf(coded), picture, inspector.ended(damaged=damaged, pages_stated=_stated(directories)))


def _coded_anew(raster: Raster) -> CodedPage:
    rows, width = raster.pixels.shape
    return CodedPage(width, rows, raster.x_dpi, raster.y_dpi, -1, set_is_black=True, data=encode_g4(raster.pixels))


def _sender(directories: Directories) -> str | None:
    text = directories.found[0].text.get(tiff.IMAGE_DESCRIPTION, b"").decode("ascii", "replace").strip()
    return "".join(filter(str.isprintable, text)) or None


def _stated(directories: Directories) -> int:
    numbers = [directory.whole(tiff.PAGE_NUMBER) for directory in directories.found]
    return max((pair[1] for pair in numbers if len(pair) == 2), default=0)  # noqa: PLR2004  # (page, of so many)
