"""Grey pages → black and white: text stays sharp, photos stay legible, and both cost little line time.

Every tile of 8 x 8 pixels is either text and line art, which a threshold keeps crisp, or picture, which a clustered
dot keeps legible. Error diffusion and Bayer's matrix fray the edges of text and triple a photo's line time; a threshold
alone destroys photos (docs/adr/0009).
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.documents.geometry import STANDARD, WIDTH

Grey = NDArray[np.uint8]
Bilevel = NDArray[np.bool_]

TILE: Final = 8
_INK: Final = 160
"""Darker than this is black in text: above the middle, so that thin strokes and grey print stay whole."""
_DARK: Final = 40
_LIGHT: Final = 216
"""Between them a shade is neither ink nor paper."""
_PICTURE: Final = 40
"""A tile is a picture's if more of its 64 pixels than this are shades; letters' soft edges come to less."""
_DOT: Final = np.array(
    [
        [24, 10, 12, 26, 35, 47, 49, 37],
        [8, 0, 2, 14, 45, 59, 61, 51],
        [22, 6, 4, 16, 43, 57, 63, 53],
        [30, 20, 18, 28, 33, 41, 55, 39],
        [34, 46, 48, 36, 25, 11, 13, 27],
        [44, 58, 60, 50, 9, 1, 3, 15],
        [42, 56, 62, 52, 23, 7, 5, 17],
        [32, 40, 54, 38, 31, 21, 19, 29],
    ]
)
"""A clustered dot at 45 degrees: 65 shades, 36 lines an inch, and runs long enough for T.6 to code them short."""
_DOT_GAIN: Final = 1.25
"""Fax machines print dots larger than they are; a middle shade gets 43 % of black to look like half."""
_BYTES: Final = np.uint64(0x0101010101010101)
_TOP_BYTE: Final = np.uint64(56)


def bilevel(grey: Grey, y_dpi: int) -> Bilevel:
    """Make a page black and white.

    Args:
        grey: rows x WIDTH, 0 is black, in one piece of memory.
        y_dpi: rows an inch; at STANDARD the dot is half as many rows high, so that it stays round.

    Returns:
        Rows x WIDTH; True is black.
    """
    black = grey < _INK
    pictures = _pictures(grey)
    rows = np.flatnonzero(pictures.any(axis=1))
    if not rows.size:
        return black
    first, last = int(rows[0]), int(rows[-1]) + 1
    top, bottom = first * TILE, len(grey) if last == len(pictures) else last * TILE
    inside = np.repeat(np.repeat(pictures[first:last], TILE, axis=0), TILE, axis=1)
    inside = np.pad(inside, ((0, max(0, bottom - top - len(inside))), (0, 0)), mode="edge")[: bottom - top]
    np.copyto(black[top:bottom], grey[top:bottom] <= _screen(y_dpi, bottom - top), where=inside)
    return black


def _pictures(grey: Grey) -> Bilevel:
    """Tell which tiles are a picture's: those full of shades that have such a neighbour, and all around them."""
    whole = max(len(grey) // TILE, 1) * TILE  # rows below belong to the last tiles
    tiled = grey[:whole] if len(grey) >= TILE else np.pad(grey, ((0, whole - len(grey)), (0, 0)), mode="edge")
    shades = (tiled - np.uint8(_DARK)) < _LIGHT - _DARK  # below _DARK the subtraction wraps around to the top
    eights = shades.view(np.uint64).reshape(-1, TILE, WIDTH // TILE)
    full: Bilevel = (np.add.reduce(eights, axis=1) * _BYTES >> _TOP_BYTE) > _PICTURE
    if not full.any():
        return full
    return _grown(full & _beside(full))


def _beside(tiles: Bilevel) -> Bilevel:
    near = np.zeros_like(tiles)
    near[1:] |= tiles[:-1]
    near[:-1] |= tiles[1:]
    near[:, 1:] |= tiles[:, :-1]
    near[:, :-1] |= tiles[:, 1:]
    return near


def _grown(tiles: Bilevel) -> Bilevel:
    return tiles | _beside(tiles)


@cache
def _screen(y_dpi: int, rows: int) -> Grey:
    """The dot's thresholds over a whole page, evenly spread: 0 becomes black and 255 stays white."""
    dot = _DOT[::2] if y_dpi == STANDARD else _DOT
    order = dot.ravel().argsort().argsort().reshape(dot.shape)
    thresholds = (((order + 0.5) / dot.size) ** _DOT_GAIN * 255).astype(np.uint8)
    return np.tile(thresholds, (-(-rows // len(dot)), WIDTH // TILE))[:rows]
