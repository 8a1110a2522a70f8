"""The page that tells the sender at a fax machine how a fax ended: what happened, what to do, and which fax it was."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from PIL import Image

from services.ingest.documents.fax_file import FaxFile
from services.ingest.documents.fonts import Style
from services.ingest.documents.from_text import PROSE
from services.ingest.documents.geometry import FINE, WIDTH, X_DPI
from services.ingest.documents.halftone import Bilevel, bilevel
from services.ingest.documents.libtiff import encode_g4
from services.ingest.documents.sheet import PAPER_WHITE, Setup
from services.ingest.documents.typesetting import BOTTOM, MARGIN, Block, Line, Run, lines_of, pages_of, set_page

_BRAND: Final = Style(15, bold=True)
_HEADING: Final = Style(20, bold=True)
_LABEL: Final = Style(11, bold=True)
_WHAT: Final = Style(13)
_COLUMN: Final = round(1.3 * X_DPI)
_SETUP: Final = Setup("letter", FINE)
"""The shorter of the two papers, which fits on both."""
_ACROSS: Final = 3 * 216
"""Pixels of the picture across: three for each of a thumbnail's, 3.2 inches."""
_LEAST: Final = round(1.0 * FINE)
"""Rows below which a picture shows nothing."""
_GAP: Final = round(0.3 * FINE)
_FRAME: Final = 2


@dataclass(frozen=True)
class Notice:
    """What the page says.

    Attributes:
        brand: the reseller's name.
        heading: how the fax ended, in a line.
        lead: what happened and what to do, a sentence each.
        facts: labels and values of the fax; those without a value are left out.
        support: how to reach the reseller; may be empty.
    """

    brand: str
    heading: str
    lead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    support: str = ""

    def blocks(self) -> Iterator[Block]:
        """Lay the page out."""
        yield Block((Run(self.brand, _BRAND),))
        yield Block(before=_inch(0.12))
        yield Block((Run(self.heading, _HEADING),), before=_inch(0.2))
        for number, sentence in enumerate(self.lead):
            yield Block((Run(sentence, _WHAT),), before=_inch(0.05 if number else 0.15))
        for number, (label, value) in enumerate((label, value) for label, value in self.facts if value):
            label_run = Run(label, _LABEL)
            yield Block((Run(value, PROSE),), indent=_COLUMN, before=_inch(0.05 if number else 0.25), label=label_run)
        if self.support:
            yield Block((Run(f"Questions? {self.support}", PROSE),), before=_inch(0.25))


def notice_page(notice: Notice, picture: bytes | None) -> bytes:
    """Make the page.

    Args:
        notice: what it says; what doesn't fit on one page is left out.
        picture: the fax's first page as a PNG.

    Returns:
        A TIFF of one page as faxes are, FINE.
    """
    lines = pages_of(chain.from_iterable(map(lines_of, notice.blocks())), _SETUP.paper)[0]
    page = set_page(lines, _SETUP).bilevel()
    if picture:
        _show(page, picture, _end(lines) + _GAP)
    file = FaxFile(1)
    file.add(encode_g4(page), len(page), FINE)
    return file.finished()


def _end(lines: list[tuple[int, Line]]) -> int:
    row, line = lines[-1]
    return row + line.rows


def _show(page: Bilevel, picture: bytes, top: int) -> None:
    """Put the top of a picture, in a frame, on the page from a row on, if there is room for enough of it."""
    with Image.open(io.BytesIO(picture), formats=["PNG"]) as opened:
        grey = opened.convert("L")
    down = round(grey.height * _ACROSS / grey.width * FINE / X_DPI)
    large = np.asarray(grey.resize((_ACROSS, max(1, down)), Image.Resampling.LANCZOS))
    rows = min(len(large), len(page) - BOTTOM - top)
    if rows < min(_LEAST, len(large)):
        return
    strip = np.full((rows, WIDTH), PAPER_WHITE, np.uint8)
    strip[:, MARGIN : MARGIN + _ACROSS] = large[:rows]
    page[top : top + rows] |= bilevel(strip, FINE)
    _frame(page[top : top + rows, MARGIN : MARGIN + _ACROSS])


def _frame(shown: Bilevel) -> None:
    shown[:_FRAME] = shown[-_FRAME:] = True
    shown[:, :_FRAME] = shown[:, -_FRAME:] = True


def _inch(inches: float) -> int:
    return round(inches * FINE)
