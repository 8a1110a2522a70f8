"""Blocks of text → lines → pages."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from services.ingest.documents.fonts import Style, font_of, settable, width_of
from services.ingest.documents.geometry import FINE, PAPERS, STANDARD, WIDTH, X_DPI, Paper
from services.ingest.documents.halftone import Bilevel
from services.ingest.documents.limits import MAX_PAGES
from services.ingest.documents.pdf import POINTS
from services.ingest.documents.refusals import RefusedFile
from services.ingest.documents.sheet import PAPER_WHITE, Setup, Sheet, halved

MARGIN: Final = round(0.7 * X_DPI)
"""Pixels left and right; fax machines don't print to the edge of the sheet."""
TOP: Final = round(0.6 * FINE)
BOTTOM: Final = round(0.5 * FINE)
ACROSS: Final = WIDTH - 2 * MARGIN
"""Pixels a line may take."""
TAB: Final = "\t"
"""A run of its own between the cells of a table's row."""
LEADING: Final = 1.25
"""A line's height in sizes of its letters."""
_INK: Final = 140
_INK_HALVED: Final = 165
"""Letters of half as many rows keep their thin strokes."""
_BASELINE: Final = 0.78
"""Where in a line its letters stand."""
_RULE: Final = 4
"""Rows a rule is thick, at FINE."""
_WORDS: Final = re.compile(r"\s{1,200}|\S{1,200}")
"""A line may end between two of these; no line is longer than the longest."""
_MOST_LINES: Final = 100 * MAX_PAGES
"""More than any fax has."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a rule across the page where it has no runs.

    Attributes:
        runs: its text; a newline in it ends a line.
        indent: pixels it is moved in.
        before: rows left free above it, but for the top of a page.
        label: a bullet, a number or a name on its first line, left of its text.
        label_at: pixels from the left at which that stands.
        new_page: whether it starts a page.
        stops: pixels from its indent to which one tab after the other leads.
    """

    runs: tuple[Run, ...] = ()
    indent: int = 0
    before: int = 0
    label: Run | None = None
    label_at: int = 0
    new_page: bool = False
    stops: tuple[int, ...] = ()


@dataclass(slots=True)
class Line:
    """A line: what stands where on it. `rows` is its height, `before` what is free above it."""

    pieces: list[tuple[float, Run]]
    rows: int
    before: int = 0
    new_page: bool = False
    ruled: bool = False


def lines_of(block: Block) -> Iterator[Line]:
    """Break a block into lines no wider than the page."""
    if not block.runs:
        yield Line([], _RULE, block.before, block.new_page, ruled=True)
        return
    before, new_page = block.before, block.new_page
    for number, pieces in enumerate(_broken(block)):
        if not number and block.label:
            pieces.insert(0, (block.label_at, block.label))
        size = max((run.style.points for _, run in pieces), default=block.runs[0].style.points)
        yield Line(pieces, ceil(size * LEADING / POINTS * FINE), before, new_page)
        before, new_page = 0, False


def _broken(block: Block) -> list[list[tuple[float, Run]]]:
    breaker = _Breaker(block.indent)
    stops = iter(block.stops)
    for run in block.runs:
        if run.text == TAB:
            breaker.tab(next(stops, None), run.style)
        else:
            breaker.add(run)
    return breaker.finished()


class _Breaker:
    """Fills lines word by word; a word wider than a line is cut."""

    def __init__(self, left: float) -> None:
        self._left = self._x = left
        self._lines: list[list[tuple[float, Run]]] = []
        self._start(wrapped=False)

    def add(self, run: Run) -> None:
        for number, part in enumerate(settable(run.text, mono=run.style.mono).split("\n")):
            if number:
                self._end(wrapped=False)
            for word in _WORDS.findall(part):
                if word.isspace():
                    self._space(word, run.style)
                else:
                    self._word(word, run.style)

    def tab(self, stop: int | None, style: Style) -> None:
        """Go to a stop; four spaces if there is none, or the line is past it."""
        if stop is None or self._left + stop <= self._x:
            self._space("    ", style)
        else:
            self._x = self._left + stop
            self._pieces.append((self._x, Run("", style)))

    def finished(self) -> list[list[tuple[float, Run]]]:
        self._end(wrapped=False)
        return self._lines

    def _start(self, *, wrapped: bool) -> None:
        self._pieces: list[tuple[float, Run]] = []
        self._x = self._left
        self._wrapped = wrapped

    def _end(self, *, wrapped: bool) -> None:
        self._lines.append(self._pieces)
        if len(self._lines) > _MOST_LINES:
            raise RefusedFile("too-many-pages")
        self._start(wrapped=wrapped)

    def _space(self, word: str, style: Style) -> None:
        if self._pieces or not self._wrapped:
            self._put(word, style, width_of(word, style))

    def _word(self, word: str, style: Style) -> None:
        width = width_of(word, style)
        if self._x + width > ACROSS and self._pieces:
            self._end(wrapped=True)
        while self._x + width > ACROSS:
            fits = _fitting(word, style, ACROSS - self._x)
            self._put(word[:fits], style, 0)
            self._end(wrapped=True)
            word = word[fits:]
            width = width_of(word, style)
        self._put(word, style, width)

    def _put(self, word: str, style: Style, width: float) -> None:
        if self._pieces and self._pieces[-1][1].style == style:
            x, run = self._pieces[-1]
            self._pieces[-1] = x, Run(run.text + word, style)
        else:
            self._pieces.append((self._x, Run(word, style)))
        self._x += width


def _fitting(word: str, style: Style, room: float) -> int:
    """Say how many letters of a word fit, at least one."""
    used = 0.0
    for number, letter in enumerate(word):
        used += width_of(letter, style)
        if used > room:
            return max(1, number)
    return len(word)


def pages_of(lines: Iterable[Line], paper: Paper) -> list[list[tuple[int, Line]]]:
    """Spread lines over pages.

    Returns:
        For each page its lines, with the row at which each starts.

    Raises:
        RefusedFile: "too-many-pages".
    """
    bottom = sheet_rows(paper) - BOTTOM
    pages: list[list[tuple[int, Line]]] = []
    row = bottom
    for line in lines:
        if not pages or line.new_page or row + line.before + line.rows > bottom:
            pages.append([])
            row = TOP
            if len(pages) > MAX_PAGES:
                raise RefusedFile("too-many-pages")
        else:
            row += line.before
        pages[-1].append((row, line))
        row += line.rows
    return pages


def sheet_rows(paper: Paper) -> int:
    """Rows of a sheet at FINE."""
    return round(PAPERS[paper][1] * FINE)


def set_page(lines: Iterable[tuple[int, Line]], setup: Setup) -> Sheet:
    """Draw a page of lines."""
    image = Image.new("L", (WIDTH, sheet_rows(setup.paper)), PAPER_WHITE)
    draw = ImageDraw.Draw(image)
    for row, line in lines:
        if line.ruled:
            draw.rectangle((MARGIN, row, WIDTH - MARGIN, row + _RULE - 1), 0)
        baseline = row + round(line.rows * _BASELINE)
        for x, run in line.pieces:
            draw.text((MARGIN + x, baseline), run.text, 0, font_of(run.style), anchor="ls")
    return Sheet(inked(image, setup.y_dpi), setup.y_dpi)


def inked(image: Image.Image, y_dpi: int) -> Bilevel:
    """Make drawn letters black and white, at FINE or at STANDARD."""
    grey = np.asarray(image)
    return halved(grey) < _INK_HALVED if y_dpi == STANDARD else grey < _INK
