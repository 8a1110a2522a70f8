"""The pages our calls send: ITU-T fax test charts as they are, and what is derived from them.

Charts 1, 4, 7 and 8 (`itu1.tif` …) are the source of the others and are never written.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter, TiffImageFile

FOLDER = Path(__file__).parent / "pages"
STANDARD, FINE, SUPERFINE = (204, 98), (204, 196), (204, 391)
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
ONE_STRIP = 1 << 30
B4_WIDTH = 2048

Page = tuple[Image.Image, tuple[int, int]]
"""A bilevel image and its resolution in dots per inch."""


def derive() -> None:
    """Write every page file that is not an ITU chart."""
    letter, drawing = halved(chart(1)), halved(chart(8))
    upside_down = letter.rotate(180)
    _write("standard.tif", [(drawing, STANDARD)])
    _write("superfine.tif", [(doubled(chart(4).crop((0, 0, 1728, 600))), SUPERFINE)])
    _write("three_pages.tif", [(letter, STANDARD), (drawing, STANDARD), (upside_down, STANDARD)])
    _write("two_resolutions.tif", [(letter.crop((0, 0, 1728, 400)), STANDARD), (_top(chart(1), 800), FINE)])
    _write("short.tif", [(_top(letter, 300), STANDARD)])
    _write("b4.tif", [(_widened(_top(chart(1), 900)), FINE)])


def chart(number: int) -> Image.Image:
    """An ITU-T test chart: 1728 x 2376 pixels, white where true."""
    return Image.open(FOLDER / f"itu{number}.tif")


def pixels(file: Path) -> list[NDArray[np.bool_]]:
    """Every page of a fax file, white where true."""
    with TiffImageFile(file) as fax:
        decoded = []
        for number in range(fax.n_frames):
            fax.seek(number)
            decoded.append(np.asarray(fax.convert("1")))
        return decoded


def halved(page: Image.Image) -> Image.Image:
    """A fine page at standard resolution; a row is black where either of its two was, so thin lines stay."""
    rows = np.asarray(page)
    return Image.fromarray(rows[0::2] & rows[1::2])


def doubled(page: Image.Image) -> Image.Image:
    """A fine page at superfine resolution, each row twice."""
    return Image.fromarray(np.repeat(np.asarray(page), 2, axis=0))


def _top(page: Image.Image, rows: int) -> Image.Image:
    return page.crop((0, 0, page.width, rows))


def _widened(page: Image.Image) -> Image.Image:
    wide = Image.new("1", (B4_WIDTH, page.height), color=1)
    wide.paste(page, ((B4_WIDTH - page.width) // 2, 0))
    return wide


def _write(name: str, pages: list[Page]) -> None:
    """Write G4, one strip a page, white is zero, each page with its own resolution."""
    with AppendingTiffWriter(FOLDER / name, new=True) as out:
        for image, dpi in pages:
            image.save(
                out,
                format="TIFF",
                compression="group4",
                dpi=dpi,
                strip_size=ONE_STRIP,
                tiffinfo={PHOTOMETRIC: WHITE_IS_ZERO},
            )
            out.newFrame()
