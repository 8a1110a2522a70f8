"""Pages for a machine that takes none longer than A4."""

from typing import Final

import numpy as np
from PIL import Image

from services.ingest.documents.geometry import WIDTH
from services.ingest.documents.halftone import Bilevel
from services.ingest.documents.sheet import PAPER_WHITE

A4_ROWS: Final = 1143
"""Rows of A4 at STANDARD (T.4: 3.85 rows a millimetre)."""
_INK: Final = 165
"""Letters that are made smaller keep their thin strokes."""


def fitted(page: Bilevel, rows: int) -> Bilevel:
    """Make a page no longer than `rows`: without the white at its end if that will do, else smaller in proportion.

    Args:
        page: rows x WIDTH, True is black.
        rows: how many there may be, at least 1.
    """
    if len(page) <= rows:
        return page
    inked = np.flatnonzero(page.any(axis=1))
    end = int(inked[-1]) + 1 if inked.size else 0
    if end <= rows:
        return page[:rows]
    across = max(1, round(WIDTH * rows / end))
    grey = Image.fromarray(np.where(page[:end], 0, PAPER_WHITE).astype(np.uint8))
    smaller = np.full((rows, WIDTH), PAPER_WHITE, np.uint8)
    left = (WIDTH - across) // 2
    smaller[:, left : left + across] = np.asarray(grey.resize((across, rows), Image.Resampling.BOX))
    return smaller < _INK
