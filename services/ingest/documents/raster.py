"""A page decoded: its pixels as a person sees them, and which of its rows can be trusted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np

from services.ingest.documents import page as pages
from services.ingest.documents.crosscheck import first_doubtful_row, starts_with_eol
from services.ingest.documents.libtiff import Decoded, Pixels, decode_strips
from services.ingest.documents.mending import mend
from services.ingest.documents.page import Page
from services.ingest.documents.strips import with_bits_reversed

_UPRIGHT: Final[dict[int, Callable[[Pixels], Pixels]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.T,
    6: lambda pixels: pixels.T[:, ::-1],
    7: lambda pixels: pixels.T[::-1, ::-1],
    8: lambda pixels: pixels.T[::-1],
}
"""Orientation (tag 274) → how to turn the rows and columns of the file upright; 1 is upright."""
_FIRST_LYING: Final = 5
_FIRST_ROWS: Final = 16
"""So many rows say whether a page is coded as its tags have it."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded page.

    Attributes:
        pixels: rows x width; bilevel: True is black; grey: 0 is black.
        x_dpi: dots an inch across.
        y_dpi: rows an inch.
        bad_rows: rows that could not be read; they are white, or repeat the row above.
        lost_rows: rows that the page declares and its data has not.
        exact: whether the page's coded data, as it is, holds exactly these pixels and is in one strip.
    """

    pixels: Pixels
    x_dpi: float
    y_dpi: float
    bad_rows: int
    lost_rows: int
    exact: bool


def decode_page(page: Page) -> Raster:
    """Decode a page, mend the rows that are damaged, end where its data ends, and turn it upright.

    Raises:
        UnreadablePage: "no-readable-page" (not one row can be read).
    """
    whole = _whole(page)
    exact = whole is not None and _can_pass_through(page, whole)
    if whole is None:
        whole = _coded_otherwise(page)
    if whole is None:
        pixels, bad_rows = mend(page)
    else:
        pixels, bad_rows = whole.pixels, 0
    inverted = (page.bits == 1) == (page.photometric == pages.BLACK_IS_ZERO)
    pixels = _upright(np.invert(pixels) if inverted else pixels, page)
    lying = _FIRST_LYING <= page.orientation <= max(_UPRIGHT)
    x_dpi, y_dpi = (page.y_dpi, page.x_dpi) if lying else (page.x_dpi, page.y_dpi)
    lost_rows = page.rows - pixels.shape[1 if lying else 0]
    return Raster(pixels, x_dpi, y_dpi, bad_rows, lost_rows, exact)


def _whole(page: Page) -> Decoded | None:
    """Decode a page without damage; None if it has any, or is in tiles."""
    strips = page.strips
    if not strips:
        return None
    decoded = decode_strips(strips, page.rows, page.bands[0].rows, page.coding)
    if decoded is None or decoded.bad:
        return None
    if (
        page.needs_second_reading
        and first_doubtful_row(strips, page.bands[0].rows, page.coding, decoded.pixels) is not None
    ):
        return None
    return decoded


def _coded_otherwise(page: Page) -> Decoded | None:
    """Decode a page whose tags miss or misstate its order of bits, or whether G3 is two-dimensional.

    Only a reading without any damage counts, and only if already the first rows can't be read as stated.
    """
    if page.compression not in {pages.G3, pages.G4} or not page.strips or _starts(page):
        return None
    readings = (_whole(other) for other in _other_codings(page) if _starts(other))
    return next((reading for reading in readings if reading is not None), None)


def _starts(page: Page) -> bool:
    first = decode_strips(page.strips[:1], min(_FIRST_ROWS, page.bands[0].rows), _FIRST_ROWS, page.coding)
    return first is not None and not first.bad


def _other_codings(page: Page) -> Iterator[Page]:
    reversed_bits = replace(page, bands=tuple(map(with_bits_reversed, page.bands)))
    if page.compression == pages.G4:
        yield reversed_bits
        return
    other_dimension = page.t4_options ^ pages.TWO_DIMENSIONAL
    for order, options in product((page, reversed_bits), (page.t4_options, other_dimension)):
        if (order, options) != (page, page.t4_options):
            yield replace(order, t4_options=options, vouched=False)


def _can_pass_through(page: Page, decoded: Decoded) -> bool:
    upright = page.orientation not in _UPRIGHT
    if len(page.bands) != 1 or page.cut or not (upright and decoded.as_declared):
        return False
    return page.compression == pages.G4 or (page.compression == pages.G3 and starts_with_eol(page.strips[0]))


def _upright(pixels: Pixels, page: Page) -> Pixels:
    turn = _UPRIGHT.get(page.orientation)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))
