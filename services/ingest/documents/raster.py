"""A page decoded: its pixels as a person sees them, and which of its rows can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from services.ingest.documents import page as pages
from services.ingest.documents.crosscheck import first_doubtful_row, starts_with_eol
from services.ingest.documents.libtiff import Coding, Decoded, Pixels, decode_strip
from services.ingest.documents.page import Band, Page, UnreadablePage

REPEATED_ROWS: Final = 5
"""So many damaged rows in a row are filled with the row above them, any more with white. With five in a row HylaFAX
still takes a page to be legible."""

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
    """Decode every strip of a page, mend the rows that are damaged, end where the data ends, and turn it upright.

    Raises:
        UnreadablePage: "no-readable-page" (not one row can be read).
    """
    coding = Coding(page.segment_width, page.bits, page.compression, page.t4_options, page.predictor)
    parts: list[Pixels] = []
    bad_rows = 0
    as_declared = len(page.bands) == 1
    for band in page.bands:
        decoded = [_decoded(segment, band, coding, page) for segment in band.segments]
        rows, bad = _trusted(decoded, band, page)
        if rows:
            joined = (
                np.concatenate([one.pixels[:rows] for one in decoded], axis=1) if decoded[1:] else decoded[0].pixels
            )
            white = page.photometric == pages.BLACK_IS_ZERO
            parts.append(_mended(joined[:rows, : page.width], bad, white=white))
        bad_rows += len(bad)
        as_declared = as_declared and len(decoded) == 1 and decoded[0].as_declared
        if rows < band.rows:
            break
    if not parts:
        raise UnreadablePage("no-readable-page")
    lost_rows = page.rows - sum(map(len, parts))
    plain = page.compression in {pages.G3, pages.G4} and page.orientation not in _UPRIGHT
    whole = page.bands[0].coded_rows == page.rows and page.segment_width == page.width
    standard = page.compression != pages.G3 or starts_with_eol(page.bands[0].segments[0])
    exact = plain and whole and as_declared and standard and not (page.cut or bad_rows or lost_rows)
    return _upright(_inked(parts, page), page, bad_rows, lost_rows, exact=exact)


def _decoded(segment: bytes, band: Band, coding: Coding, page: Page) -> Decoded:
    """Decode a strip or tile, and have its G3 data read a second time if nothing else speaks for it.

    G3 2D costs 3 ms a page to read again, so a receiver that calls its rows sound is believed.
    """
    decoded = decode_strip(segment, band.coded_rows, coding)
    mixed = page.t4_options & pages.TWO_DIMENSIONAL
    if page.compression != pages.G3 or decoded.bad or not len(decoded.pixels) or (mixed and page.vouched):
        return decoded
    doubtful = first_doubtful_row(segment, coding, decoded.pixels)
    return decoded if doubtful is None else replace(decoded, bad=frozenset({doubtful}))


def _trusted(decoded: list[Decoded], band: Band, page: Page) -> tuple[int, list[int]]:
    """Give how many rows of a band can be used, and which of these are damaged."""
    rows = min((len(one.pixels) for one in decoded), default=0)
    rows = min(rows, band.rows)
    bad = frozenset[int]().union(*(one.bad for one in decoded))
    if page.compression == pages.G4:  # each row is coded by the row above: nothing after the first bad one holds
        return min(rows, *bad) if bad else rows, []
    if page.compression == pages.G3 and page.t4_options & pages.TWO_DIMENSIONAL:
        # those that follow are coded by their difference from the bad one, up to the next row coded by itself
        bad = frozenset(after for row in bad for after in range(row, row + pages.K_ROWS))
    while rows and rows - 1 in bad:
        rows -= 1
    return rows, sorted(row for row in bad if row < rows)


def _mended(pixels: Pixels, bad: list[int], *, white: bool) -> Pixels:
    spoilt = set(bad)
    run = 0
    for row in bad:
        run = run + 1 if row - 1 in spoilt else 1
        pixels[row] = pixels[row - 1] if row and run <= REPEATED_ROWS else white
    return pixels


def _inked(parts: list[Pixels], page: Page) -> Pixels:
    """Join the strips, and turn their bits into black and white."""
    pixels = parts[0] if len(parts) == 1 else np.concatenate(parts)
    inverted = (page.bits == 1) == (page.photometric == pages.BLACK_IS_ZERO)
    return np.invert(pixels) if inverted else pixels


def _upright(pixels: Pixels, page: Page, bad_rows: int, lost_rows: int, *, exact: bool) -> Raster:
    turn = _UPRIGHT.get(page.orientation)
    x_dpi, y_dpi = page.x_dpi, page.y_dpi
    if turn is not None:
        pixels = np.ascontiguousarray(turn(pixels))
    if turn is not None and page.orientation >= _FIRST_LYING:
        x_dpi, y_dpi = y_dpi, x_dpi
    return Raster(pixels, x_dpi, y_dpi, bad_rows, lost_rows, exact)
