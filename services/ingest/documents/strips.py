"""How the coded data of a page is divided, and where its parts are in the file."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from services.ingest.documents import tags
from services.ingest.documents.limits import MAX_PIXELS
from services.ingest.documents.tiff import Directory
from services.ingest.documents.unreadable import UnreadablePage

_LSB_FIRST: Final = 2
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Band:
    """A strip, or a row of tiles, across the page.

    Attributes:
        rows: rows of the page in it.
        coded_rows: rows its data holds; the last row of tiles is filled up to the height of a tile.
        segments: the coded bytes of the strip, or of the tiles from left to right, most significant bit first.
    """

    rows: int
    coded_rows: int
    segments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page is divided: the size of a strip or a tile in pixels, how many are side by side, and where they are."""

    width: int
    rows: int
    across: int
    offsets: tuple[int, ...]
    counts: tuple[int, ...]


def layout_of(directory: Directory, width: int, rows: int) -> Layout:
    """Read how a page is divided.

    Args:
        directory: the page's tags.
        width: its pixels a row.
        rows: its rows.

    Raises:
        UnreadablePage: "damaged-tiff" (no strips, not as many places as lengths, or a size that cannot be).
    """
    if tags.TILE_OFFSETS in directory.numbers:
        offsets, counts = directory.whole(tags.TILE_OFFSETS), directory.whole(tags.TILE_BYTE_COUNTS)
        size = directory.number(tags.TILE_WIDTH, 0), directory.number(tags.TILE_LENGTH, 0)
    else:
        offsets = directory.whole(tags.STRIP_OFFSETS)
        counts = directory.whole(tags.STRIP_BYTE_COUNTS) or (0,) * len(offsets)
        each = rows if len(offsets) == 1 else directory.number(tags.ROWS_PER_STRIP, rows) or rows
        size = width, min(each, rows)
    if not offsets or len(offsets) != len(counts) or not 0 < size[0] * size[1] <= MAX_PIXELS:
        raise UnreadablePage("damaged-tiff")
    return Layout(*size, -(-width // size[0]), offsets, counts)


def cut_bands(directory: Directory, rows: int, layout: Layout, data: bytes) -> tuple[tuple[Band, ...], bool]:
    """Cut the strips or tiles out of the file, most significant bit first.

    Args:
        directory: the page's tags.
        rows: its rows.
        layout: how it is divided.
        data: the whole file.

    Returns:
        The bands from the top, and whether where a strip or tile ends had to be found: it reaches past the end of the
        file, or no lengths are stated.

    Raises:
        UnreadablePage: "damaged-tiff" (they are together longer than the file).
    """
    counts = layout.counts if any(layout.counts) else _lengths(layout.offsets, len(data))
    inside = [max(0, min(count, len(data) - at)) for at, count in zip(layout.offsets, counts, strict=True)]
    if sum(inside) > len(data):  # they overlap: a small file would become a large one
        raise UnreadablePage("damaged-tiff")
    coded = [data[at : at + count] for at, count in zip(layout.offsets, inside, strict=True)]
    if directory.number(tags.FILL_ORDER, 1) == _LSB_FIRST:
        coded = [segment.translate(_REVERSED) for segment in coded]
    tiled = tags.TILE_OFFSETS in directory.numbers
    bands = []
    for index, first in enumerate(range(0, rows, layout.rows)):
        left = min(layout.rows, rows - first)
        segments = tuple(coded[index * layout.across : (index + 1) * layout.across])
        bands.append(Band(left, layout.rows if tiled else left, segments))
    return tuple(bands), tuple(inside) != layout.counts


def with_bits_reversed(band: Band) -> Band:
    """Read a band in the other order of bits."""
    return replace(band, segments=tuple(segment.translate(_REVERSED) for segment in band.segments))


def _lengths(offsets: tuple[int, ...], end: int) -> tuple[int, ...]:
    """Let each strip reach to the next one, the last to the end of the file; a decoder stops when it has its rows."""
    following = dict(pairwise([*sorted({*offsets}), end]))
    return tuple(following[at] - at for at in offsets)
