"""Submitted files → the fax that is dialled, the same pages as a PDF, and a picture of the first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from services.ingest.documents.cover import Cover
from services.ingest.documents.fax_file import FaxFile
from services.ingest.documents.fitting import A4_ROWS, fitted
from services.ingest.documents.from_html import open_html
from services.ingest.documents.from_pdf import open_pdf
from services.ingest.documents.from_picture import open_picture
from services.ingest.documents.from_text import open_blocks, open_text
from services.ingest.documents.from_tiff import open_tiff
from services.ingest.documents.geometry import FINE, STANDARD, WIDTH, X_DPI
from services.ingest.documents.halftone import Bilevel
from services.ingest.documents.heading import ROWS, Heading
from services.ingest.documents.kinds import Kind, kind_of, written
from services.ingest.documents.libtiff import encode_g4
from services.ingest.documents.limits import MAX_BYTES, MAX_PAGES
from services.ingest.documents.pdf import CodedPage, write_pdf
from services.ingest.documents.raster import Raster
from services.ingest.documents.refusals import Refusal, RefusedFile
from services.ingest.documents.sheet import Opened, Setup, Sheet
from services.ingest.documents.thumbnail import thumbnail

COVER: Final = -1
"""In place of a file's number: the cover page."""
ALL: Final = -2
"""In place of a file's number: no one file by itself."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was submitted; `media_type` is what its sender calls it."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages of a fax show beside the files, and whether they may be longer than A4."""

    setup: Setup
    heading: Heading
    cover: Cover | None = None
    a4: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What is made of submitted files; the same files give the same bytes.

    Attributes:
        fax: the TIFF to dial: G4, WIDTH pixels across, one strip a page.
        pdf: the same pages.
        thumbnail: the first page as a PNG.
        pages: how many there are.
    """

    fax: bytes
    pdf: bytes
    thumbnail: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing is made of them, and the number of the file it is about: from 0, COVER or ALL."""

    reason: Refusal
    file: int


def convert_submitted(files: Sequence[SentFile], pages: Pages, progress: Path | None = None) -> Sent | Refused:
    """Convert submitted files in order. Nothing is left out: one file that can't be faxed refuses the fax.

    Args:
        files: at least one.
        pages: what the pages show.
        progress: a file that always holds the number of the file at hand, so that a crash can be laid to it.
    """
    conversion = _Conversion(pages, progress)
    try:
        return conversion.sent(files)
    except RefusedFile as refused:
        return Refused(refused.reason, conversion.at)
    except MemoryError:
        return Refused("page-too-large", conversion.at)


class _Conversion:
    """One fax on its way: first all files are opened and their pages counted, then one page at a time is made."""

    def __init__(self, pages: Pages, progress: Path | None) -> None:
        self._pages = pages
        self._progress = progress
        self.at = ALL

    def sent(self, files: Sequence[SentFile]) -> Sent:
        if sum(len(file.data) for file in files) > MAX_BYTES:
            raise RefusedFile("too-large")
        opened = [self._opened(number, file) for number, file in enumerate(files)]
        count = sum(one.pages for one in opened)
        cover = self._cover(count)
        self._now(ALL)
        if not count and not (self._pages.cover and self._pages.cover.text.strip()):
            raise RefusedFile("nothing-to-fax")
        if count + cover.pages > MAX_PAGES:
            raise RefusedFile("too-many-pages")
        return self._made(
            chain(self._sheets(COVER, cover), *map(self._sheets, range(len(opened)), opened)), count + cover.pages
        )

    def _opened(self, number: int, file: SentFile) -> Opened:
        self._now(number)
        if not file.data:
            raise RefusedFile("empty")
        kind = kind_of(file.data, file.media_type)
        if kind is None or kind not in _OPEN:
            raise RefusedFile("unsupported-format")
        return _OPEN[kind](file.data, self._pages.setup)

    def _cover(self, others: int) -> Opened:
        """Set the cover page; it says how many pages there are, which is known when it has been set once."""
        cover = self._pages.cover
        if cover is None:
            return Opened(0, lambda: iter(()))
        self._now(COVER)
        own = open_blocks(cover.blocks(others + 1), self._pages.setup).pages
        return open_blocks(cover.blocks(others + own), self._pages.setup)

    def _sheets(self, number: int, opened: Opened) -> Iterator[Sheet]:
        self._now(number)
        yield from opened.sheets()

    def _now(self, number: int) -> None:
        self.at = number
        if self._progress:
            self._progress.write_text(str(number))

    def _made(self, sheets: Iterator[Sheet], count: int) -> Sent:
        fax, coded, picture = FaxFile(count), list[CodedPage](), b""
        for number, sheet in enumerate(sheets, 1):
            black = self._pages.heading.on(self._short(sheet), number, count, sheet.y_dpi)
            strip, rows = encode_g4(black), len(black)
            fax.add(strip, rows, sheet.y_dpi)
            coded.append(CodedPage(WIDTH, rows, X_DPI, sheet.y_dpi, -1, set_is_black=True, data=strip))
            picture = picture or thumbnail(Raster(black, X_DPI, sheet.y_dpi, 0, 0, exact=True))
            if fax.size > MAX_BYTES:
                raise RefusedFile("too-large")
        if len(coded) != count:  # a decoder that gave fewer pages than it counted
            raise RefusedFile("damaged-document")
        return Sent(fax.finished(), write_pdf(coded), picture, count)

    def _short(self, sheet: Sheet) -> Bilevel:
        """The page; if it must be no longer than A4, with room for its heading."""
        black = sheet.bilevel()
        return fitted(black, (A4_ROWS * FINE // STANDARD - ROWS) * sheet.y_dpi // FINE) if self._pages.a4 else black


def _text(data: bytes, setup: Setup, *, aligned: bool = False) -> Opened:
    return open_text(written(data) or "", setup, aligned=aligned)


def _picture(kind: Kind) -> Callable[[bytes, Setup], Opened]:
    return lambda data, setup: open_picture(data, kind, setup)


_OPEN: Final[dict[Kind, Callable[[bytes, Setup], Opened]]] = {
    "pdf": open_pdf,
    "tiff": open_tiff,
    "html": open_html,
    "text": _text,
    "csv": lambda data, setup: _text(data, setup, aligned=True),
    **{kind: _picture(kind) for kind in ("jpeg", "png", "gif", "bmp", "webp", "heic")},
}
