"""The text of an HTML document, collected as blocks."""

import re
from dataclasses import replace
from itertools import accumulate
from math import ceil
from typing import Final

from services.ingest.documents.fonts import Style, settable, width_of
from services.ingest.documents.from_text import ALIGNED, PROSE
from services.ingest.documents.geometry import FINE, X_DPI
from services.ingest.documents.typesetting import ACROSS, TAB, Block, Run

_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_SPACE: Final = round(0.09 * FINE)
_INDENT: Final = round(0.28 * X_DPI)
_LABEL_ROOM: Final = round(0.2 * X_DPI)
_DEEPEST: Final = 8
_BETWEEN_CELLS: Final = round(0.2 * X_DPI)
_LONGEST_ROW: Final = 90
"""Cells of so many letters together stand side by side, longer ones one below the other."""


class HtmlBlocks:
    """Takes text, and where lines, rows and cells begin and end.

    Attributes:
        bold: how many elements around what comes next make it bold.
        pre: how many keep its spaces and line ends.
        depth: how many move it in.
        sizes: points of the headings it is in.
        found: the blocks so far.
    """

    def __init__(self) -> None:
        self.bold = self.pre = self.depth = 0
        self.sizes: list[float] = []
        self.found: list[Block] = []
        self._runs: list[Run] = []
        self._label = ""
        self._gap = False
        self._rows: list[list[int]] = []
        self._tables: list[int] = []

    def text(self, data: str) -> None:
        """Add text; spaces become one, but in `pre`."""
        shown = data if self.pre else _SPACES.sub(" ", data)
        if not self.pre and (not self._runs or self._runs[-1].text[-1] in " \n"):
            shown = shown.removeprefix(" ")
        if shown:
            self._runs.append(Run(shown.expandtabs(8), self._style()))

    def newline(self) -> None:
        """End the line, an empty one too."""
        self._runs.append(Run("\n", self._style()))

    def end_line(self, *, gap: bool = False) -> None:
        """End the block, if there is one, and leave space before the next."""
        if any(run.text.strip() for run in self._runs):
            self._flush()
        self._runs = []
        self._gap = self._gap or gap

    def rule(self) -> None:
        """Draw a line across the page."""
        self.end_line()
        self.found.append(Block(before=_SPACE))
        self._gap = True

    def label(self, text: str) -> None:
        """Put a bullet or a number before the next block."""
        self._label = text

    def begin_row(self) -> None:
        """Begin a table's row."""
        self._rows.append([])

    def begin_cell(self) -> None:
        """Begin a cell of it."""
        if self._rows:
            self._rows[-1].append(len(self.found))

    def end_row(self) -> None:
        """End the row; short cells of one block each stand side by side."""
        if not self._rows:
            return
        starts = self._rows.pop()
        blocks = self.found[starts[0] :] if starts else []
        lengths = [sum(len(run.text) for run in block.runs) for block in blocks]
        texts = [run.text for block in blocks for run in block.runs]
        alone = len(set(starts)) >= len(blocks) and not any("\n" in text or text == TAB for text in texts)
        if len(blocks) < 2 or not alone or not all(lengths) or sum(lengths) > _LONGEST_ROW:  # noqa: PLR2004
            return
        runs: list[Run] = []
        for block in blocks:
            runs += [Run(TAB, block.runs[0].style)] if runs else []
            runs += block.runs
        self.found[starts[0] :] = [Block(tuple(runs), blocks[0].indent, blocks[0].before)]

    def begin_table(self) -> None:
        """Begin a table."""
        self._tables.append(len(self.found))

    def end_table(self) -> None:
        """End it; rows of as many cells each, if they fit, have their cells below each other."""
        if not self._tables:
            return
        start = self._tables.pop()
        rows = [
            (index, cells) for index in range(start, len(self.found)) if len(cells := _cells(self.found[index])) > 1
        ]
        if len({len(cells) for _, cells in rows}) != 1:
            return
        widths = [max(column) for column in zip(*(cells for _, cells in rows), strict=True)]
        stops = tuple(accumulate(ceil(width) + _BETWEEN_CELLS for width in widths))
        if stops[-1] < ACROSS:
            for index, _ in rows:
                self.found[index] = replace(self.found[index], stops=stops)

    def _flush(self) -> None:
        runs = self._runs
        while runs and not runs[-1].text.strip():
            runs.pop()
        runs[-1] = Run(runs[-1].text.rstrip(), runs[-1].style)
        indent = _INDENT * min(self.depth, _DEEPEST)
        label = Run(self._label, PROSE) if self._label else None
        before = _SPACE if self._gap else 0
        self.found.append(Block(tuple(runs), indent, before, label, max(0, indent - _LABEL_ROOM)))
        self._label, self._gap = "", False

    def _style(self) -> Style:
        if self.pre:
            return ALIGNED
        return Style(self.sizes[-1] if self.sizes else PROSE.points, bold=self.bold > 0)


def _cells(block: Block) -> list[float]:
    """The widths of a row's cells."""
    widths = [0.0]
    for run in block.runs:
        if run.text == TAB:
            widths.append(0.0)
        else:
            widths[-1] += width_of(settable(run.text, mono=run.style.mono), run.style)
    return widths
