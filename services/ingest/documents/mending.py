"""A damaged page: every row that can be trusted, the others white or repeated, and never black.

Also pages in tiles, whose damage no one row number tells.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.documents import page as pages
from services.ingest.documents.crosscheck import first_doubtful_row
from services.ingest.documents.libtiff import Pixels, decode_strip
from services.ingest.documents.page import Page
from services.ingest.documents.strips import Band
from services.ingest.documents.unreadable import UnreadablePage

REPEATED_ROWS: Final = 5
"""So many damaged rows in a row are filled with the row above them, any more with white. With five in a row HylaFAX
still takes a page to be legible."""

_Flags = NDArray[np.bool_]


def mend(page: Page) -> tuple[Pixels, int]:
    """Decode what can be decoded of a page.

    Args:
        page: a page in strips or tiles.

    Returns:
        Its pixels as coded, up to the last row that can be trusted, and how many rows before that cannot.

    Raises:
        UnreadablePage: "no-readable-page" (not one row can be read).
    """
    parts, flags = zip(*(_band(band, page) for band in page.bands), strict=True)
    pixels, bad = np.concatenate(parts), np.concatenate(flags)
    good = np.flatnonzero(~bad)
    if not good.size:
        raise UnreadablePage("no-readable-page")
    rows = int(good[-1]) + 1
    _fill(pixels, bad[:rows], white=page.photometric == pages.BLACK_IS_ZERO)
    return pixels[:rows], int(bad[:rows].sum())


def _band(band: Band, page: Page) -> tuple[Pixels, _Flags]:
    """Decode a strip or a row of tiles, and flag the rows that cannot be trusted."""
    pixels: Pixels = np.zeros((band.rows, page.width), np.bool_ if page.bits == 1 else np.uint8)
    bad = np.zeros(band.rows, np.bool_)
    across = range(0, page.width, page.segment_width)
    for left, data in zip(across, [*band.segments, *[b""] * len(across)], strict=False):
        part, flags = _segment(data, band, page)
        place = pixels[:, left : left + page.segment_width]
        place[:] = part[:, : place.shape[1]]
        bad |= flags
    return pixels, bad


def _segment(data: bytes, band: Band, page: Page) -> tuple[Pixels, _Flags]:
    decoded = decode_strip(data, band.coded_rows, page.coding)
    rows = min(len(decoded.pixels), band.rows)
    bad = np.ones(band.rows, np.bool_)
    bad[:rows] = False
    pixels = np.zeros((band.rows, page.segment_width), decoded.pixels.dtype)
    pixels[:rows] = decoded.pixels[:rows]
    doubtful = None
    if page.needs_second_reading and rows and not decoded.bad:
        doubtful = first_doubtful_row([data], band.coded_rows, page.coding, decoded.pixels)
    for row in decoded.bad if doubtful is None else {doubtful}:
        bad[row : _spoilt_until(row, page)] = True
    return pixels, bad


def _spoilt_until(row: int, page: Page) -> int | None:
    """Say up to where a bad row spoils those that are coded by their difference from it; None is the strip's end."""
    if page.compression == pages.G4:
        return None
    mixed = page.compression == pages.G3 and page.t4_options & pages.TWO_DIMENSIONAL
    return row + (pages.K_ROWS if mixed else 1)


def _fill(pixels: Pixels, bad: _Flags, *, white: bool) -> None:
    run = 0
    for row in np.flatnonzero(bad):
        run = run + 1 if row and bad[row - 1] else 1
        pixels[row] = pixels[row - 1] if row and run <= REPEATED_ROWS else white
