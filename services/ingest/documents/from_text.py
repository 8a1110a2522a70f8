"""Plain text and CSV → pages."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Final

from services.ingest.documents.fonts import Style, unsettable
from services.ingest.documents.refusals import RefusedFile
from services.ingest.documents.sheet import Opened, Setup, Sheet
from services.ingest.documents.typesetting import Block, Line, Run, lines_of, pages_of, set_page

PROSE: Final = Style(11)
ALIGNED: Final = Style(9.5, mono=True)
"""Some 88 letters a line, as many as a typewriter's page."""
_COLUMNS: Final = re.compile(r"\S(?: {3,}|\t)\S|[\u2500-\u257f]|^\s*[+|][-=+| ]{3,}")
"""What only makes sense if all letters are of one width: columns, and boxes of lines."""
_ALIGNED_SHARE: Final = 0.1
_LOOKED_AT: Final = 100_000
"""Characters that tell how the whole text is laid out."""
_MOST_UNSETTABLE: Final = 0.1
"""A text of which more can't be shown is refused: squares help nobody."""
_TAB: Final = 8


def open_text(text: str, setup: Setup, *, aligned: bool = False) -> Opened:
    """Break a text into pages. One without a visible letter has none.

    Args:
        text: what is written.
        setup: the pages' paper and resolution.
        aligned: whether its letters are to be of one width; found out from the text itself if not.

    Raises:
        RefusedFile: "too-many-pages", or "unsupported-format" (of a script that we can't set).
    """
    check_settable(text)
    if not text.strip():
        return Opened(0, lambda: iter(()))
    style = ALIGNED if aligned or is_aligned(text) else PROSE
    return open_blocks(_blocks(text.strip("\ufeff").rstrip(), style), setup)


def open_blocks(blocks: Iterator[Block], setup: Setup) -> Opened:
    """Break blocks into pages.

    Raises:
        RefusedFile: "too-many-pages".
    """
    pages = pages_of(chain.from_iterable(map(lines_of, blocks)), setup.paper)
    return Opened(len(pages), partial(_sheets, pages, setup))


def check_settable(text: str) -> None:
    """Refuse a text that our letters can't show.

    Raises:
        RefusedFile: "unsupported-format".
    """
    if unsettable(text) > _MOST_UNSETTABLE:
        raise RefusedFile("unsupported-format")


def is_aligned(text: str) -> bool:
    """Say whether a text is laid out in columns."""
    lines = [line for line in text[:_LOOKED_AT].splitlines() if line.strip()]
    return sum(_COLUMNS.search(line) is not None for line in lines) > _ALIGNED_SHARE * len(lines)


def _blocks(text: str, style: Style) -> Iterator[Block]:
    for number, page in enumerate(text.split("\f")):
        for first, line in enumerate(page.strip("\r\n").splitlines() if number else page.splitlines()):
            yield Block((Run(line.expandtabs(_TAB), style),), new_page=bool(number) and not first)


def _sheets(pages: list[list[tuple[int, Line]]], setup: Setup) -> Iterator[Sheet]:
    return (set_page(page, setup) for page in pages)
