"""The pixels of a fax, from its TIFF and from its PDF, by two decoders that share no code (libtiff and PDFium)."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

WHITE_FROM = 128
PROPORTION_TOLERANCE = 0.02
"""Standard resolution is 98 rows an inch in some files and 3.85 a millimetre (97.8) in others."""


@dataclass(frozen=True)
class Page:
    """A page's pixels, white where true, and its width divided by its height on paper."""

    pixels: NDArray[np.bool_]
    proportion: float

    def same_as(self, other: "Page") -> bool:
        """Whether every pixel is the same, and neither is squashed."""
        close = abs(self.proportion / other.proportion - 1) < PROPORTION_TOLERANCE
        return close and np.array_equal(self.pixels, other.pixels)


class UnreadableError(Exception):
    """The document can't be decoded."""


def tiff_page_count(data: bytes) -> int:
    """How many pages a TIFF has, whatever their images are like."""
    with TiffImageFile(BytesIO(data)) as fax:
        return fax.n_frames


def tiff_pages(data: bytes) -> list[Page]:
    """The pages of a TIFF.

    Raises:
        UnreadableError: It can't be decoded whole.
    """
    try:
        with TiffImageFile(BytesIO(data)) as fax:
            return [_tiff_page(fax, number) for number in range(fax.n_frames)]
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadableError(f"the TIFF can't be decoded: {error}") from error


def _tiff_page(fax: TiffImageFile, number: int) -> Page:
    fax.seek(number)
    across, down = (float(dots) for dots in fax.info["dpi"])
    return Page(np.asarray(fax.convert("1")), (fax.width / across) / (fax.height / down))


def pdf_pages(data: bytes) -> list[Page]:
    """The pages of a PDF whose every page is one upright image.

    Raises:
        UnreadableError: It is no such PDF.
    """
    try:
        with pdfium.PdfDocument(data) as document:
            return [_pdf_page(document[number]) for number in range(len(document))]
    except pdfium.PdfiumError as error:
        raise UnreadableError(f"the PDF can't be opened: {error}") from error


def _pdf_page(page: pdfium.PdfPage) -> Page:
    images = list(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))
    if len(images) != 1:
        raise UnreadableError(f"a page of the PDF has {len(images)} images")
    across, skewed, turned, down, _, _ = images[0].get_matrix().get()
    if across <= 0 or down <= 0 or abs(skewed) > 0 or abs(turned) > 0:
        raise UnreadableError("a page of the PDF is turned or mirrored")
    values = images[0].get_bitmap().to_numpy()
    grey = values.reshape(values.shape[0], values.shape[1], -1)[:, :, 0]
    return Page(grey >= WHITE_FROM, across / down)
