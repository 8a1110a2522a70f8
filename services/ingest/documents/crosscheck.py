"""A second, independent decoder's opinion of G3 data.

libtiff skips without a word whatever stands between the last pixel of a row and the next EOL; a hit that makes a row
reach its width too soon leaves such bits, and other viewers take them for the next row. imagecodecs' own decoder does
too, so that from there on the two differ. It reads 1D rows at twice libtiff's speed, 2D rows at less than half.
"""

import contextlib
from collections.abc import Sequence
from typing import Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from services.ingest.documents.libtiff import Coding, Pixels

_EOL_ZEROS: Final = 11
"""An EOL is at least so many zeros and a one (T.4 section 4.1.2)."""
_SKIP_FILL: Final = 4
"""Bit 2 of T4Options: zeros before an EOL are fill. Many receivers write fill without saying so."""


def starts_with_eol(data: bytes) -> bool:
    """Say whether G3 data starts with an EOL, as T.4 section 4.1.2 has it; libtiff skips anything else unasked."""
    return int.from_bytes(data[:2]) >> (16 - _EOL_ZEROS) == 0


def first_doubtful_row(strips: Sequence[bytes], each: int, coding: Coding, decoded: Pixels) -> int | None:
    """Compare libtiff's reading of G3 strips with the second decoder's.

    Args:
        strips: the coded bytes, most significant bit first.
        each: rows a strip.
        coding: how they are coded; T.4.
        decoded: what libtiff made of them, rows x width, not one row reported as damaged.

    Returns:
        The row after whose end bits are left over: the one before the first that differs. None if all agree.
    """
    second = np.zeros(decoded.shape, np.uint8)
    for index, strip in enumerate(strips):
        place = second[index * each : (index + 1) * each]
        with contextlib.suppress(imagecodecs.Ccittfax3Error):  # what it read up to the error is in the array
            imagecodecs.ccittfax3_decode(strip, t4options=coding.t4_options | _SKIP_FILL, out=place)
    if np.array_equal(_words(second), _words(decoded)):
        return None
    same = (second.view(np.bool_) == decoded).all(axis=1)
    return max(0, int(same.argmin()) - 1)


def _words(pixels: Pixels) -> NDArray[np.uint8 | np.uint64]:
    """See eight pixels as one number, where their count allows; comparing takes half the time."""
    return pixels.reshape(-1).view(np.uint8 if pixels.size % 8 else np.uint64)
