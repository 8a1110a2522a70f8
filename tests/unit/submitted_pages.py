"""What the tests of submitted documents share: a fax's looks, and reading back what was made."""

import io
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.ingest.documents.cover import Cover
from services.ingest.documents.geometry import FINE
from services.ingest.documents.heading import Heading
from services.ingest.documents.page import page_of
from services.ingest.documents.raster import decode_page
from services.ingest.documents.sending import Pages, Refused, Sent, SentFile, convert_submitted
from services.ingest.documents.sheet import Setup
from services.ingest.documents.tiff import read_directories

AT = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
HEADING = Heading("Riverside Clinic", "+13125550100", "+1 (312) 555-3260", AT, "America/Chicago")
HEADER_ROWS = 36


def looks(y_dpi: int = FINE, *, cover: str | None = None, heading: Heading = HEADING) -> Pages:
    made = Cover("Northwind Voice", heading, "Results", cover) if cover is not None else None
    return Pages(Setup("letter", y_dpi), heading, made)


def outcome(*data: bytes, media_type: str = "application/octet-stream", pages: Pages | None = None) -> Sent | Refused:
    return convert_submitted([SentFile(media_type, one) for one in data], pages or looks())


def sent(*data: bytes, media_type: str = "application/octet-stream", pages: Pages | None = None) -> Sent:
    made = outcome(*data, media_type=media_type, pages=pages)
    assert isinstance(made, Sent), made
    return made


def refusal(*data: bytes, media_type: str = "application/octet-stream", pages: Pages | None = None) -> tuple[str, int]:
    made = outcome(*data, media_type=media_type, pages=pages)
    assert isinstance(made, Refused), made.pages
    return made.reason, made.file


def bitmaps(fax: bytes) -> list[NDArray[np.bool_]]:
    """Each page's pixels, True is black."""
    return [
        np.asarray(decode_page(page_of(directory, fax)).pixels, np.bool_) for directory in read_directories(fax).found
    ]


def below_header(page: NDArray[np.bool_], y_dpi: int = FINE) -> NDArray[np.bool_]:
    return page[HEADER_ROWS * y_dpi // FINE :]


def inked_box(page: NDArray[np.bool_]) -> tuple[int, int]:
    """Pixels across and rows down of all that is black."""
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    return int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def picture(fax: bytes) -> Image.Image:
    return Image.open(io.BytesIO(fax))
