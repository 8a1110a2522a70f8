"""A small grey picture of a page, in the page's own proportions."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.ingest.documents.libtiff import Pixels
from services.ingest.documents.png import encode_png
from services.ingest.documents.raster import Raster

WIDTH: Final = 216
"""Pixels across: an eighth of T.4's 1728, so that a page of this width is only averaged, not resampled, across."""
LONGEST: Final = 2160
"""The most pixels down; of a page longer than ten times its width the top is shown."""

_BLOCK: Final = 8
_BYTES: Final = np.uint64(0x0101010101010101)
_TOP_BYTE: Final = np.uint64(56)
_MOST_SUMMED: Final = 31
"""So many rows of blocks of 8 are at most 248 black pixels, which a byte holds."""


def thumbnail(page: Raster) -> bytes:
    """Draw a page as a PNG, WIDTH pixels across and as high as the page's resolution makes it.

    Args:
        page: the decoded page, bilevel or grey, with at least one row.
    """
    rows, width = page.pixels.shape
    height = max(1, round(WIDTH * (rows / page.y_dpi) / (width / page.x_dpi)))
    shown = min(height, LONGEST)
    pixels = page.pixels[: max(1, rows * shown // height)]
    grey = _reduced(pixels, shown) if pixels.dtype == np.bool_ else np.ascontiguousarray(pixels)
    return encode_png(np.asarray(Image.fromarray(grey).resize((WIDTH, shown), Image.Resampling.BOX)))


def _reduced(pixels: Pixels, height: int) -> NDArray[np.uint8]:
    """Average blocks of 8 pixels across and as many rows down as leave at least `height`; 255 is white.

    Eight neighbouring pixels, 0 or 1 a byte, are summed down as one 64-bit number, then across by a multiplication
    that leaves the sum of all eight bytes in the top one.
    """
    down = min(max(1, len(pixels) // height), _MOST_SUMMED)
    rows = len(pixels) // down * down
    missing = -pixels.shape[1] % _BLOCK
    padded = np.pad(pixels, ((0, 0), (0, missing))) if missing else pixels
    eights = padded[:rows].view(np.uint64).reshape(rows // down, down, -1)
    black = np.add.reduce(eights, axis=1) * _BYTES >> _TOP_BYTE
    shades = np.linspace(255, 0, down * _BLOCK + 1).astype(np.uint8)
    return np.asarray(shades[black.astype(np.uint8)])
