"""One strip or page through libtiff, by imagecodecs: decoded with its damaged rows named, or encoded as G4.

libtiff decodes damaged fax data without failing and names each row that it had to repair in a warning only; with
`verbose` imagecodecs passes the warnings to its logger. Every strip is given to it as a file of our own making, with
nothing in it but checked numbers, so that libtiff never walks the directories of a received file.

imagecodecs' own fax decoders are not used: they report no damage, and `ccittfax4_decode` without a height never
returns on data that was cut short (2026.3.6).
"""

import logging
import re
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from services.ingest.documents import tags, tiff

Pixels = NDArray[np.bool_ | np.uint8]
"""Rows x width; a bit a pixel, or grey from 0 to 255."""

_AT_LINE: Final = re.compile(r"at line (\d+) of strip (\d+)")
_NO_EOL: Final = "without EOL"
_HEADER: Final = struct.Struct("<2sHI")
_ENTRY: Final = struct.Struct("<HHII")
_LONG: Final = 4
_ATTEMPTS: Final = 8
_FAX_CODINGS: Final = frozenset({2, 3, 4})
"""Compression (tag 259) of MH, T.4 and T.6. Of these alone libtiff says at which row it gives up."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a strip is coded: TIFF tags 256, 258, 259, 292 and 317."""

    width: int
    bits: int
    compression: int
    t4_options: int
    predictor: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came out of a strip.

    Attributes:
        pixels: rows x width. Fewer rows than asked for if the data ends early.
        bad: the numbers of the rows that libtiff had to repair, from 0.
        as_declared: whether the data is coded exactly as the tags say.
    """

    pixels: Pixels
    bad: frozenset[int]
    as_declared: bool


class _Warnings(logging.Handler):
    """Collects libtiff's warnings; they go nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    logger = logging.getLogger("imagecodecs")
    warnings, propagated = _Warnings(), logger.propagate
    logger.addHandler(warnings)
    logger.propagate = False
    try:
        yield warnings.said
    finally:
        logger.removeHandler(warnings)
        logger.propagate = propagated


def decode_strips(strips: Sequence[bytes], rows: int, each: int, coding: Coding) -> Decoded | None:
    """Decode strips that lie one below the other.

    Args:
        strips: their coded bytes, most significant bit first.
        rows: rows of all of them, at least 1.
        each: rows of each but the last, which may have fewer.
        coding: how they are coded.

    Returns:
        All rows, or None if a strip ends early.
    """
    with _listening() as said:
        try:
            pixels = imagecodecs.tiff_decode(_file(strips, rows, each, coding), verbose=True)
        except imagecodecs.TiffError:
            return None
    return Decoded(pixels, frozenset(_rows(said, each)), not any(_NO_EOL in warning for warning in said))


def decode_strip(data: bytes, rows: int, coding: Coding) -> Decoded:
    """Decode a strip or a tile as far as its data goes.

    Args:
        data: the coded bytes, most significant bit first.
        rows: how many rows it should have, at least 1.
        coding: how it is coded.

    Returns:
        The rows that are there: none if not one can be read.
    """
    for _ in range(_ATTEMPTS):
        if not rows or not data:
            break
        decoded = decode_strips([data], rows, rows, coding)
        if decoded is not None:
            return decoded
        rows = _rows_there(data, rows, coding)
    return Decoded(np.zeros((0, coding.width), np.bool_ if coding.bits == 1 else np.uint8), frozenset(), False)


def encode_g4_file(pixels: Pixels) -> bytes:
    """Encode a bitmap, rows x width, True is black, as a TIFF of one G4 strip, most significant bit first."""
    rows = len(pixels)
    return bytes(imagecodecs.tiff_encode(pixels, compression="ccittfax4", photometric="miniswhite", rowsperstrip=rows))


def encode_g4(pixels: Pixels) -> bytes:
    """Encode a bitmap as one G4 strip (T.6), most significant bit first.

    Args:
        pixels: rows x width, True is a set bit.
    """
    file = encode_g4_file(pixels)
    (page,) = tiff.read_directories(file).found
    start = page.number(tags.STRIP_OFFSETS, 0)
    return file[start : start + page.number(tags.STRIP_BYTE_COUNTS, 0)]


def _rows_there(data: bytes, rows: int, coding: Coding) -> int:
    """Give how many rows to ask of a strip that hasn't as many as `rows`."""
    if coding.compression in _FAX_CODINGS:
        return min(_last_row(data, rows, coding), rows - 1)
    return bisect_left(range(1, rows), True, key=lambda count: decode_strips([data], count, count, coding) is None)


def _last_row(data: bytes, rows: int, coding: Coding) -> int:
    """Give the row at which libtiff gives up a strip."""
    with _listening() as said, suppress(imagecodecs.TiffError):
        imagecodecs.tiff_decode(_file([data], rows, rows, coding), verbose=True)
    return max(_rows(said, rows), default=0)


def _rows(warnings: Iterable[str], each: int) -> Iterator[int]:
    """Give the rows that warnings name. A missing EOL alone is no damage: the row decodes, or is named again."""
    for warning in warnings:
        found = _AT_LINE.search(warning)
        if found and _NO_EOL not in warning:
            yield int(found[1]) + int(found[2]) * each


def _file(strips: Sequence[bytes], rows: int, each: int, coding: Coding) -> bytes:
    """Write a TIFF: the directory, the strips' places and lengths, the strips."""
    single = {
        tags.IMAGE_WIDTH: coding.width,
        tags.IMAGE_LENGTH: rows,
        tags.BITS_PER_SAMPLE: coding.bits,
        tags.COMPRESSION: coding.compression,
        tags.PHOTOMETRIC: 0,
        tags.SAMPLES_PER_PIXEL: 1,
        tags.ROWS_PER_STRIP: each,
        tags.T4_OPTIONS: coding.t4_options,
        tags.PREDICTOR: coding.predictor,
    }
    used = {tag: value for tag, value in single.items() if value or tag == tags.PHOTOMETRIC}
    start = _HEADER.size + 2 + _ENTRY.size * (len(used) + 2) + 4
    count = len(strips)
    lengths = tuple(map(len, strips))
    places = tuple(accumulate(lengths[:-1], initial=start + (8 * count if count > 1 else 0)))
    entries = {tag: (1, value) for tag, value in used.items()}
    entries[tags.STRIP_OFFSETS] = (count, places[0] if count == 1 else start)
    entries[tags.STRIP_BYTE_COUNTS] = (count, lengths[0] if count == 1 else start + 4 * count)
    table = b"".join(_ENTRY.pack(tag, _LONG, *entries[tag]) for tag in sorted(entries))
    arrays = struct.pack(f"<{2 * count}I", *places, *lengths) if count > 1 else b""
    head = _HEADER.pack(b"II", 42, _HEADER.size) + struct.pack("<H", len(entries))
    return b"".join((head, table, bytes(4), arrays, *strips))
