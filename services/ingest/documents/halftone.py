"""Grey pages → black and white: text stays sharp, photos stay legible, and both cost little line time.

Every tile of 8 x 8 pixels is either text and line art, which a threshold keeps crisp, or picture, which a clustered
dot keeps legible. Error diffusion and Bayer's matrix fray the edges of text and triple a photo's line time; a threshold
alone destroys photos (docs/adr/0009).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.documents.geometry import STANDARD, WIDTH

Grey = NDArray[np.uint8]
Bilevel = NDArray[np.bool_]

TILE: Final = 8
_INK: Final = 160
"""Darker than this is black in text: above the middle, so that thin strokes and grey print stay whole."""
_DARK: Final = 20
_LIGHT: Final = 230
"""Between them a shade is neither ink nor paper."""
_EVERY: Final = 4
"""Every fourth row is looked at for shades: two of a tile."""
_PICTURE: Final = 10
"""A tile is a picture's if more of the 16 pixels looked at are shades; letters' soft edges come to less."""
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
_BAND: Final = 384
"""Rows taken at a time, 660 kB."""
_SCREEN: Final = 2400
"""Thresholds are kept for a multiple of so many rows, a little more than most pages have."""
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
    black, pictures = _divided(grey)
    rows = np.flatnonzero(pictures.any(axis=1))
    if rows.size:
        top, bottom = int(rows[0]) * TILE, (int(rows[-1]) + 1) * TILE
        _put_dots(black[top:bottom], grey[top:bottom], pictures[rows[0] : rows[-1] + 1], y_dpi)
    return black


def _divided(grey: Grey) -> tuple[Bilevel, Bilevel]:
    """Give the page as text, and tell which tiles are a picture's: those full of shades, and all around them.

    It is done in bands that the processor's cache holds, which halves the time.
    """
    black, full = np.empty(grey.shape, np.bool_), np.zeros((-(-len(grey) // TILE), WIDTH // TILE), np.bool_)
    for top in range(0, len(grey), _BAND):
        band = grey[top : top + _BAND]
        np.less(band, _INK, out=black[top : top + _BAND])
        tiles = len(band) // TILE
        full[top // TILE :][:tiles] = _full_of_shades(band[: tiles * TILE : _EVERY])
    if len(grey) % TILE and len(full) > 1:
        full[-1] = full[-2]  # the rows below the last whole tiles are like those
    return black, _grown(full & _beside(full)) if full.any() else full


def _full_of_shades(seen: Grey) -> Bilevel:
    """Tell which tiles are full of shades by the rows seen of them; eight pixels are counted as one number."""
    shades = (seen - np.uint8(_DARK)) < _LIGHT - _DARK  # below _DARK the subtraction wraps around to the top
    eights = shades.view(np.uint64).reshape(-1, TILE // _EVERY, WIDTH // TILE)
    full: Bilevel = (np.add.reduce(eights, axis=1) * _BYTES >> _TOP_BYTE) > _PICTURE
    return full


def _put_dots(black: Bilevel, grey: Grey, pictures: Bilevel, y_dpi: int) -> None:
    """Halftone the tiles that are a picture's; eight pixels are moved as one number."""
    dotted = grey <= _screen(y_dpi, -(-len(grey) // _SCREEN) * _SCREEN)[: len(grey)]
    if pictures.all():
        black[:] = dotted
        return
    whole = len(grey) // TILE
    for rows, tiles in ((slice(whole * TILE), pictures[:whole]), (slice(whole * TILE, None), pictures[whole:])):
        if tiles.size:
            shape = (len(tiles), -1, WIDTH // TILE)
            target, source = (part[rows].view(np.uint64).reshape(shape) for part in (black, dotted))
            np.copyto(target, source, where=tiles[:, np.newaxis])


def _beside(tiles: Bilevel) -> Bilevel:
    near = np.zeros_like(tiles)
    near[1:] |= tiles[:-1]
    near[:-1] |= tiles[1:]
    near[:, 1:] |= tiles[:, :-1]
    near[:, :-1] |= tiles[:, 1:]
    return near


def _grown(tiles: Bilevel) -> Bilevel:
    return tiles | _beside(tiles)


@lru_cache(maxsize=4)
def _screen(y_dpi: int, rows: int) -> Grey:
    """The dot's thresholds over so many rows, evenly spread: 0 becomes black and 255 stays white."""
    dot = _DOT[::2] if y_dpi == STANDARD else _DOT
    order = dot.ravel().argsort().argsort().reshape(dot.shape)
    thresholds = (((order + 0.5) / dot.size) ** _DOT_GAIN * 255).astype(np.uint8)
    return np.tile(thresholds, (-(-rows // len(dot)), WIDTH // TILE))[:rows]
