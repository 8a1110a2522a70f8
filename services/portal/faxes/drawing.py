"""One page of a document as a picture. Runs in a confined process: see `pictures`."""

from io import BytesIO
from typing import Final, Literal

import pypdfium2
from PIL import Image

Kind = Literal["pdf", "tiff"]

MAX_PAGES: Final = 350
"""Of a fax; the same as when it was converted."""
TALLEST: Final = 10
"""The most a picture is as high as it is wide; of a longer page the top is shown."""
_MOST_PIXELS: Final = 64_000_000
"""Of a page of a TIFF: a page as large as the fax standards admit has some 20 million."""
_DPI: Final = (204.0, 196.0)
"""Of a TIFF that doesn't say (T.4, fine)."""
_PACKING: Final = 3
"""zlib's level: a tenth larger than the best, in a third of its time."""


class NoSuchPage(Exception):  # noqa: N818 - it says what it is
    """The document has no such page, or can't be read."""


def draw(data: bytes, kind: Kind, number: int, width: int) -> bytes:
    """A page as a grey PNG in its own proportions.

    Args:
        data: The document.
        kind: What it is.
        number: Of the page, from 1.
        width: Pixels across.

    Raises:
        NoSuchPage: There is none of that number, or nothing can be read.
    """
    if not 1 <= number <= MAX_PAGES:
        raise NoSuchPage(number)
    try:
        picture = _of_pdf(data, number, width) if kind == "pdf" else _of_tiff(data, number, width)
    except (pypdfium2.PdfiumError, OSError, EOFError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NoSuchPage(number) from error
    packed = BytesIO()
    picture.save(packed, "PNG", compress_level=_PACKING)
    return packed.getvalue()


def _of_pdf(data: bytes, number: int, width: int) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    if number > len(document):
        raise NoSuchPage(number)
    page = document[number - 1]
    across, down = page.get_size()
    cut = max(0.0, down - TALLEST * across)
    drawn: Image.Image = page.render(scale=width / across, crop=(0, cut, 0, 0), grayscale=True).to_pil()
    return drawn.convert("L")


def _of_tiff(data: bytes, number: int, width: int) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    with Image.open(BytesIO(data), formats=["TIFF"]) as file:
        file.seek(number - 1)
        x_dpi, y_dpi = (float(one) or usual for one, usual in zip(file.info.get("dpi", _DPI), _DPI, strict=True))
        across, down = file.size
        down = min(down, round(TALLEST * across * y_dpi / x_dpi))
        height = max(1, round(width * (down / y_dpi) / (across / x_dpi)))
        page = file.convert("L").crop((0, 0, across, down))
        return page.resize((width, height), Image.Resampling.BOX)
