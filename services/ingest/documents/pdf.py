"""PDF files of fax pages; coded pages are put in as they are, without decoding them.

The same pages give the same bytes: a file has no date, no identifier and no producer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from services.ingest.documents import page as pages
from services.ingest.documents.page import Page

POINTS: Final = 72.0
"""Points an inch (PDF 32000-1 section 8.3.2.3)."""
LONGEST_PAGE: Final = 14_400
"""The most units a page may be long; a longer one takes larger units (PDF 32000-1 annex C.2, UserUnit)."""

WITHIN: Final = 1 - 2e-6
"""An image is so much smaller than its page, and the page a little smaller than its pixels.

Viewers draw an image over every pixel that its edge reaches, and stretch it by one pixel for an edge that is past the
pixel's border by a rounding (pdfium counts in 32-bit floats), or just on it (poppler).
"""

_HEADER: Final = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"
_CATALOG: Final = b"<</Type/Catalog/Pages 2 0 R>>"
_FIRST_PAGE: Final = 3
_OBJECTS_A_PAGE: Final = 3


@dataclass(frozen=True, slots=True)
class CodedPage:
    """A page coded by T.4 or T.6 in one strip.

    Attributes:
        width: pixels a row.
        rows: rows that the data holds, exactly.
        x_dpi: dots an inch across.
        y_dpi: rows an inch.
        k: below 0 G4, 0 G3 one-dimensional, above 0 G3 mixed (PDF 32000-1 table 11).
        set_is_black: whether the coding's black runs are shown black; a negative shows them white.
        data: the coded bytes, most significant bit first.
    """

    width: int
    rows: int
    x_dpi: float
    y_dpi: float
    k: int
    set_is_black: bool
    data: bytes


def coded_page(page: Page) -> CodedPage:
    """Take a page's coded data as it is.

    Args:
        page: a page of one strip, G3 or G4, upright, whose data is known to be whole (`Raster.exact`).
    """
    mixed = page.t4_options & pages.TWO_DIMENSIONAL
    k = -1 if page.compression == pages.G4 else pages.K_ROWS if mixed else 0
    set_is_black = page.photometric == pages.WHITE_IS_ZERO
    return CodedPage(page.width, page.rows, page.x_dpi, page.y_dpi, k, set_is_black, page.bands[0].segments[0])


def write_pdf(coded: Sequence[CodedPage]) -> bytes:
    """Write a PDF of coded pages, each as large as its pixels and resolution say.

    Args:
        coded: at least one page.
    """
    kids = b" ".join(b"%d 0 R" % (_FIRST_PAGE + _OBJECTS_A_PAGE * index) for index in range(len(coded)))
    objects: list[tuple[bytes, ...]] = [(_CATALOG,), (b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(coded), kids),)]
    for index, page in enumerate(coded):
        objects += _objects(page, _FIRST_PAGE + _OBJECTS_A_PAGE * index)
    return _file(objects)


def _objects(page: CodedPage, number: int) -> tuple[tuple[bytes, ...], ...]:
    """Give the page, its content and its image, numbered from `number`."""
    inches = page.width / page.x_dpi, page.rows / page.y_dpi
    unit = ceil(max(inches) * POINTS / LONGEST_PAGE)
    across, down = (_just_below(length * POINTS / unit) for length in inches)
    content = b"q %.5f 0 0 %.5f 0 0 cm /I Do Q" % (_just_below(across * WITHIN), _just_below(down * WITHIN))
    return (
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.5f %.5f]" % (across, down),
            b"/UserUnit %d" % unit if unit > 1 else b"",
            b"/Resources<</XObject<</I %d 0 R>>>>/Contents %d 0 R>>" % (number + 2, number + 1),
        ),
        (b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),),
        (_image(page), page.data, b"\nendstream"),
    )


def _just_below(points: float) -> float:
    """Give the next smaller length of the five decimals written."""
    return (ceil(round(points * 1e5, 3)) - 1) / 1e5  # a product may be a rounding above a whole number


def _image(page: CodedPage) -> bytes:
    """Write an image's dictionary; rows a viewer finds missing are zeros, which the decoding below shows white."""
    end = b"" if page.k < 0 else b"/EndOfLine true/EndOfBlock false"
    return b"".join(
        (
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d" % (page.width, page.rows),
            b"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K %d" % page.k,
            b"/Columns %d/Rows %d/BlackIs1 true%s>>" % (page.width, page.rows, end),
            b"/Decode[1 0]" if page.set_is_black else b"",
            b"/Length %d>>stream\n" % len(page.data),
        )
    )


def _file(objects: Sequence[tuple[bytes, ...]]) -> bytes:
    """Number the objects from 1, and add the table of their places and the trailer (PDF 32000-1 section 7.5)."""
    parts = [_HEADER]
    position = len(_HEADER)
    places = []
    for number, pieces in enumerate(objects, start=1):
        written = (b"%d 0 obj" % number, *pieces, b"\nendobj\n")
        places.append(b"%010d 00000 n \n" % position)
        position += sum(map(len, written))
        parts += written
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    parts += places
    parts.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, position))
    return b"".join(parts)
