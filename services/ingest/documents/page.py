"""A fax page as its TIFF directory describes it."""

from dataclasses import dataclass
from typing import Final

from services.ingest.documents import tags
from services.ingest.documents.libtiff import Coding
from services.ingest.documents.limits import MAX_PIXELS, MAX_WIDTH
from services.ingest.documents.strips import Band, cut_bands, layout_of
from services.ingest.documents.tags import ESSENTIAL
from services.ingest.documents.tiff import Directory
from services.ingest.documents.unreadable import UnreadablePage

X_DPI: Final = 204.0
"""Dots an inch across where the file names none: T.4's 1728 px on 215 mm."""
Y_DPI: Final = 196.0
"""Rows an inch where the file names none: T.4's fine, 7.7 rows a millimetre."""
STANDARD_Y_DPI: Final = 98.0
"""The same of a fax machine's page of less than FINE_ROWS, as HylaFAX has it: T.4's standard. Fine would squash it."""
FINE_ROWS: Final = 1450
"""A standard page of B4 has 1,401 rows."""
_T4_WIDTHS: Final = frozenset({1728, 2048, 2432})
_T4_ROWS: Final = (STANDARD_Y_DPI, Y_DPI, 391.0)
_SAME: Final = 0.02
_DPI_RANGE: Final = (50.0, 1300.0)
"""A resolution outside of this is none that a fax or a scanner has (T.4: 98 to 1200)."""

MH, G3, G4 = 2, 3, 4
"""Compression (tag 259): Modified Huffman without EOL, T.4 (MH or MR), T.6 (MMR)."""
CCITT: Final = frozenset({MH, G3, G4})
PLAIN: Final = frozenset({1, 5, 8, 32773, 32946})
"""Compression of pages no fax machine wrote, which libtiff reads: none, LZW, Deflate, PackBits, Deflate (old)."""
TWO_DIMENSIONAL: Final = 1
"""Bit 0 of T4Options (tag 292)."""
K_ROWS: Final = 4
"""In G3 2D at least every fourth row is coded by itself (T.4 section 4.2.1: K is 2, or 4 above 98 rows an inch)."""
_T4_BITS: Final = 0b111
"""T4Options has three bits: two-dimensional, uncompressed mode, fill before EOL (TIFF 6.0 section 11)."""
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
_CENTIMETRES: Final = 2.54
"""Of an inch."""
_UNIT_CM: Final = 3


@dataclass(frozen=True, slots=True)
class Page:
    """One page, its strips or tiles cut out of the file.

    Attributes:
        width: pixels a row (tag 256).
        rows: rows the file declares (ImageLength, tag 257).
        x_dpi: dots an inch across.
        y_dpi: rows an inch.
        compression: tag 259.
        t4_options: tag 292.
        photometric: 0 if a set bit is black, 1 if it is white (tag 262).
        bits: bits a pixel, 1 or 8.
        predictor: tag 317, for LZW and Deflate.
        orientation: 1 to 8 (tag 274).
        segment_width: pixels a row of a strip or a tile.
        tiled: whether it is in tiles, not in strips.
        bands: in order from the top.
        bad_rows: damaged rows the receiver counted (BadFaxLines, tag 326).
        consecutive_bad_rows: the most of them in a row (tag 328).
        vouched: whether the receiver says that every row is sound (CleanFaxData, tag 327, is there and 0).
        damage_reported: whether the receiver says the data is not clean (CleanFaxData, tag 327, 1 or 2).
        cut: whether where a strip or a tile ends had to be found.
    """

    width: int
    rows: int
    x_dpi: float
    y_dpi: float
    compression: int
    t4_options: int
    photometric: int
    bits: int
    predictor: int
    orientation: int
    segment_width: int
    tiled: bool
    bands: tuple[Band, ...]
    bad_rows: int
    consecutive_bad_rows: int
    vouched: bool
    damage_reported: bool
    cut: bool

    @property
    def coding(self) -> Coding:
        """How its strips or tiles are coded."""
        return Coding(self.segment_width, self.bits, self.compression, self.t4_options, self.predictor)

    @property
    def strips(self) -> tuple[bytes, ...]:
        """The coded bytes of its strips; none if it is in tiles, or a strip is missing."""
        if self.tiled or not all(band.segments for band in self.bands):
            return ()
        return tuple(band.segments[0] for band in self.bands)

    @property
    def needs_second_reading(self) -> bool:
        """Whether libtiff's reading of its rows has to be confirmed: G3 is what a line damages.

        G3 2D costs 3 ms a page to read again, so a receiver that calls its rows sound is believed.
        """
        mixed = self.t4_options & TWO_DIMENSIONAL
        return self.compression == G3 and not (mixed and self.vouched)


def page_of(directory: Directory, data: bytes) -> Page:
    """Make a page of a directory.

    Args:
        directory: the page's tags.
        data: the whole file.

    Raises:
        UnreadablePage: "damaged-tiff" (sizes or strips missing or impossible), "page-too-large" (over MAX_PIXELS or
            MAX_WIDTH), "unsupported-coding" (colour, tiles, JPEG and the like).
    """
    width, rows = directory.number(tags.IMAGE_WIDTH, 0), directory.number(tags.IMAGE_LENGTH, 0)
    _check(directory, width, rows)
    x_dpi, y_dpi = _resolution(directory, width, rows)
    bad_rows, consecutive = _counted(directory, width)
    layout = layout_of(directory, width, rows)
    bands, cut = cut_bands(directory, rows, layout, data)
    return Page(
        width=width,
        rows=rows,
        x_dpi=x_dpi,
        y_dpi=y_dpi,
        compression=directory.number(tags.COMPRESSION, 1),
        t4_options=directory.number(tags.T4_OPTIONS, 0) & _T4_BITS,
        photometric=directory.number(tags.PHOTOMETRIC, WHITE_IS_ZERO),
        bits=directory.number(tags.BITS_PER_SAMPLE, 1),
        predictor=directory.number(tags.PREDICTOR, 1),
        orientation=directory.number(tags.ORIENTATION, 1),
        segment_width=layout.width,
        tiled=tags.TILE_OFFSETS in directory.numbers,
        bands=bands,
        bad_rows=bad_rows,
        consecutive_bad_rows=consecutive,
        vouched=not directory.number(tags.BAD_FAX_LINES, 0) and directory.number(tags.CLEAN_FAX_DATA, 1) == 0,
        damage_reported=directory.number(tags.BAD_FAX_LINES, 0) != 0 or directory.number(tags.CLEAN_FAX_DATA, 0) != 0,
        cut=cut,
    )


def _check(directory: Directory, width: int, rows: int) -> None:
    if width > MAX_WIDTH or width * rows > MAX_PIXELS:
        raise UnreadablePage("page-too-large")
    if directory.lost & ESSENTIAL or not width or not rows:
        raise UnreadablePage("damaged-tiff")
    if not _supported(directory):
        raise UnreadablePage("unsupported-coding")


def _supported(directory: Directory) -> bool:
    bits = directory.whole(tags.BITS_PER_SAMPLE) or (1,)
    compression = directory.number(tags.COMPRESSION, 1)
    grey = directory.number(tags.PHOTOMETRIC, WHITE_IS_ZERO) in {WHITE_IS_ZERO, BLACK_IS_ZERO}
    if not grey or directory.number(tags.SAMPLES_PER_PIXEL, 1) != 1:
        return False
    return (bits == (1,) and compression in CCITT) or (bits in {(1,), (8,)} and compression in PLAIN)


def _counted(directory: Directory, width: int) -> tuple[int, int]:
    """Give the damaged rows the receiver counted, and the most of them in a row; 0 for what no page can have."""
    bad = directory.number(tags.BAD_FAX_LINES, 0)
    together = directory.number(tags.CONSECUTIVE_BAD_FAX_LINES, 0)
    return (bad if bad * width <= MAX_PIXELS else 0), (together if together <= bad else 0)


def _resolution(directory: Directory, width: int, rows: int) -> tuple[float, float]:
    x_dpi, y_dpi = (directory.numbers.get(tag, (0.0,))[0] for tag in (tags.X_RESOLUTION, tags.Y_RESOLUTION))
    in_cm = x_dpi * _CENTIMETRES, y_dpi * _CENTIMETRES
    if directory.number(tags.RESOLUTION_UNIT, 2) == _UNIT_CM or _is_t4(*in_cm):  # T.4's, per centimetre, by any unit
        x_dpi, y_dpi = in_cm
    least, most = _DPI_RANGE
    standard = width in _T4_WIDTHS and rows < FINE_ROWS
    return (
        x_dpi if least <= x_dpi <= most else X_DPI,
        y_dpi if least <= y_dpi <= most else STANDARD_Y_DPI if standard else Y_DPI,
    )


def _is_t4(x_dpi: float, y_dpi: float) -> bool:
    return abs(x_dpi / X_DPI - 1) < _SAME and any(abs(y_dpi / rows - 1) < _SAME for rows in _T4_ROWS)
