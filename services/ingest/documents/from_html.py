"""HTML → pages: its text, set readably. Nothing is ever fetched or run, and no style sheet is read.

A mail's HTML is text in a frame of tables and pictures; what a fax must carry is the text.
"""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Final

from services.ingest.charsets import codec_of
from services.ingest.documents.from_text import check_settable, open_blocks
from services.ingest.documents.html_blocks import HtmlBlocks
from services.ingest.documents.kinds import written
from services.ingest.documents.sheet import Opened, Setup
from services.ingest.documents.typesetting import Block

_UNSEEN: Final = frozenset(
    {"head", "script", "style", "template", "noscript", "svg", "math", "object", "iframe", "select", "audio", "video"}
)
"""Elements whose text a reader doesn't see."""
_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
"""Elements without an end (HTML section 13.1.2)."""
_ENDED_BY: Final = {
    "p": frozenset({"p"}),
    "li": frozenset({"li", "p"}),
    "tr": frozenset({"td", "th", "tr"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "body": frozenset({"head"}),
}
"""Start of an element → those that needn't have been closed before it (HTML section 13.1.2.4)."""
_HEADINGS: Final = {"h1": 16.0, "h2": 14.0, "h3": 12.5, "h4": 11.0, "h5": 11.0, "h6": 11.0}
# fmt: off
_BREAKING: Final = frozenset(
    {
        "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dt", "fieldset",
        "figcaption", "footer", "form", "header", "li", "main", "nav", "section", "summary", "tbody", "td",
        "tfoot", "th", "thead", "tr"
    }
)
# fmt: on
"""Elements that start a line of their own (HTML section 15.3)."""
_SPACED: Final = frozenset({"p", "ul", "ol", "dl", "blockquote", "pre", "table", "figure", *_HEADINGS})
"""Those with space above and below as well."""
_BOLD: Final = frozenset({"b", "strong", "th", *_HEADINGS})
_MOVED_IN: Final = frozenset({"ul", "ol", "blockquote", "dd"})
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_LOOKED_AT: Final = 4096
_BULLET: Final = "\N{BULLET}"


def open_html(data: bytes, setup: Setup) -> Opened:
    """Read HTML and break it into pages. Without a visible letter it has none.

    Raises:
        RefusedFile: "too-many-pages", or "unsupported-format" (of a script that we can't set).
    """
    blocks = blocks_of(written(data, _charset(data)) or "")
    check_settable("".join(run.text for block in blocks for run in block.runs))
    return open_blocks(iter(blocks), setup)


def _charset(data: bytes) -> str:
    """What a page that is no UTF-8 says it is written in."""
    told = _CHARSET.search(data[:_LOOKED_AT])
    return (told and codec_of(told[1].decode())) or "cp1252"


def blocks_of(text: str) -> list[Block]:
    """Give the visible text of HTML as blocks; none if it has no text."""
    reading = _Reading()
    reading.feed(text)
    reading.close()
    blocks = reading.blocks
    blocks.end_line()
    return blocks.found if any(block.runs for block in blocks.found) else []


class _Reading(HTMLParser):
    """Follows the elements. It keeps their names, not a tree: no nesting is too deep for it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks = HtmlBlocks()
        self._open: list[str] = []
        self._counts: Counter[str] = Counter()
        self._unseen = 0
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            if not self._unseen:
                self._void(tag, dict(attrs).get("alt") or "")
            return
        while self._open and self._open[-1] in _ENDED_BY.get(tag, ()):
            self._close()
        self._open.append(tag)
        self._counts[tag] += 1
        if self._unseen or tag in _UNSEEN or _HIDDEN.search(dict(attrs).get("style") or ""):
            self._unseen += 1
        else:
            self._begin(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._counts[tag]:
            while self._close() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.blocks.text(data)

    def _close(self) -> str:
        tag = self._open.pop()
        self._counts[tag] -= 1
        if self._unseen:
            self._unseen -= 1
        else:
            self._end(tag)
        return tag

    def _void(self, tag: str, alternative: str) -> None:
        if tag == "br":
            self.blocks.newline()
        elif tag == "hr":
            self.blocks.rule()
        elif tag == "img" and alternative.strip():
            self.blocks.text(f"[{alternative.strip()}]")

    def _begin(self, tag: str) -> None:
        blocks = self.blocks
        if tag in _BREAKING or tag in _SPACED:
            blocks.end_line(gap=tag in _SPACED and not self._lists)
        self._count(tag, 1)
        if tag in _HEADINGS:
            blocks.sizes.append(_HEADINGS[tag])
        if tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            blocks.label(self._next_label())
        elif tag == "table":
            blocks.begin_table()
        elif tag == "tr":
            blocks.begin_row()
        elif tag in {"td", "th"}:
            blocks.begin_cell()

    def _end(self, tag: str) -> None:
        blocks = self.blocks
        if tag in {"ul", "ol"}:
            self._lists.pop()
        if tag in _BREAKING or tag in _SPACED:
            blocks.end_line(gap=tag in _SPACED and not self._lists)
        if tag in _HEADINGS:
            blocks.sizes.pop()
        if tag == "tr":
            blocks.end_row()
        elif tag == "table":
            blocks.end_table()
        self._count(tag, -1)

    def _count(self, tag: str, step: int) -> None:
        self.blocks.bold += step * (tag in _BOLD)
        self.blocks.pre += step * (tag == "pre")
        self.blocks.depth += step * (tag in _MOVED_IN)

    def _next_label(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return _BULLET
        self._lists[-1] += 1
        return f"{self._lists[-1]}."
