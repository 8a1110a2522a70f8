"""The directories of a TIFF file, read without trusting any number in it.

TIFF 6.0 section 2: an 8-byte header points to a chain of directories (IFD), one a page; a directory is a count,
12-byte entries and the offset of the next directory, 0 at the end. Classic TIFF in both byte orders is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from services.ingest.documents.limits import MAX_BYTES, MAX_PAGES, MAX_VALUES
from services.ingest.documents.tags import ESSENTIAL, IMAGE_LENGTH, IMAGE_WIDTH, NEW_SUBFILE_TYPE, WANTED
from services.ingest.documents.unreadable import UnreadableDocument

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL = 1, 2, 3, 4, 5
_SIZES: Final = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}
_LETTERS: Final = {_BYTE: "B", _SHORT: "H", _LONG: "I"}
_INLINE_BYTES: Final = 4
_ENTRY_BYTES: Final = 12
_CLASSIC: Final = 42
_REDUCED: Final = 1
"""Bit 0 of NewSubfileType: a smaller picture of another page of the file."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: the wanted tags that could be read, and the numbers of those that could not.

    Attributes:
        numbers: tag number → its values; a rational is already divided.
        text: tag number → the bytes of an ASCII value without its closing NUL.
        lost: wanted tags whose values lie outside the file, and essential ones of an unfit type or count; a
            describing one of such counts as absent.
        index: its place in the chain, from 0.
    """

    numbers: dict[int, tuple[float, ...]] = field(default_factory=dict)
    text: dict[int, bytes] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()
    index: int = 0

    def number(self, tag: int, absent: int) -> int:
        """Give the first value of a tag as a whole number.

        Args:
            tag: the tag's number.
            absent: what to give if the directory has no such tag.
        """
        values = self.numbers.get(tag)
        return int(values[0]) if values else absent

    def whole(self, tag: int) -> tuple[int, ...]:
        """Give every value of a tag as whole numbers; none if it is absent."""
        return tuple(map(int, self.numbers.get(tag, ())))


@dataclass(frozen=True, slots=True)
class Directories:
    """The chain of directories as far as it can be followed.

    Attributes:
        found: the readable directories in order, without thumbnails of other pages.
        broken: whether the chain ends in damage instead of in the zero offset.
    """

    found: tuple[Directory, ...]
    broken: bool


class _Damage(Exception):  # noqa: N818  # never leaves this file
    """A number in the file points where nothing is."""


class _Walk:
    """Reads one file's directories; every access is checked against the file's length."""

    def __init__(self, data: bytes) -> None:
        order = {b"II": "<", b"MM": ">"}.get(data[:2])
        if order is None or len(data) < 8:  # noqa: PLR2004  # the header's length, TIFF 6.0 section 2
            raise UnreadableDocument("not-a-tiff")
        self._data = data
        self._order = order
        self._short = Struct(order + "H")
        self._long = Struct(order + "I")
        self._entry = Struct(order + "HHI4s")
        if self._short.unpack_from(data, 2)[0] != _CLASSIC:
            raise UnreadableDocument("not-a-tiff")
        self.first: int = self._long.unpack_from(data, 4)[0]

    def directory(self, offset: int, index: int) -> tuple[Directory, int | None]:
        """Read the directory at an offset; None for the next offset if that lies outside the file."""
        table = self._table(offset)
        numbers: dict[int, tuple[float, ...]] = {}
        text: dict[int, bytes] = {}
        lost: set[int] = set()
        for tag, kind, count, inline in self._entry.iter_unpack(table):
            if tag not in WANTED:
                continue
            raw = self._raw(kind, count, inline)
            if raw is None:
                if tag in ESSENTIAL or _SIZES.get(kind, 0) * count:
                    lost.add(tag)
            elif kind == _ASCII:
                text[tag] = raw.split(b"\0", 1)[0]
            else:
                numbers[tag] = self._values(kind, count, raw)
        return Directory(numbers, text, frozenset(lost), index), self._next(offset + 2 + len(table))

    def _table(self, offset: int) -> bytes:
        if offset + 2 > len(self._data):
            raise _Damage
        length = _ENTRY_BYTES * self._short.unpack_from(self._data, offset)[0]
        table = self._data[offset + 2 : offset + 2 + length]
        if not length or len(table) != length:
            raise _Damage
        return table

    def _raw(self, kind: int, count: int, inline: bytes) -> bytes | None:
        size = _SIZES.get(kind, 0) * count
        if not size or count > MAX_VALUES:
            return None
        if size <= _INLINE_BYTES:
            return inline[:size]
        at = self._long.unpack(inline)[0]
        raw = self._data[at : at + size]
        return raw if len(raw) == size else None

    def _values(self, kind: int, count: int, raw: bytes) -> tuple[float, ...]:
        if kind != _RATIONAL:
            return Struct(f"{self._order}{count}{_LETTERS[kind]}").unpack(raw)
        pairs = Struct(self._order + "II").iter_unpack(raw)
        return tuple(above / below if below else 0.0 for above, below in pairs)

    def _next(self, offset: int) -> int | None:
        if offset + 4 > len(self._data):
            return None
        following: int = self._long.unpack_from(self._data, offset)[0]
        return following


def read_directories(data: bytes) -> Directories:
    """Read the directories of a TIFF file as far as they are sound.

    Args:
        data: the whole file.

    Returns:
        At least one directory. A chain that leaves the file or breaks off is given up to there, as broken.

    Raises:
        UnreadableDocument: "empty", "too-large" (over MAX_BYTES), "not-a-tiff", "damaged-tiff" (not one directory, or
            a chain that returns to itself, which no damage on the way makes) or "too-many-pages" (over MAX_PAGES).
    """
    if not data:
        raise UnreadableDocument("empty")
    if len(data) > MAX_BYTES:
        raise UnreadableDocument("too-large")
    found: list[Directory] = []
    broken = False
    try:
        for directory in _chain(_Walk(data)):
            found.append(directory)
            if len(found) > 2 * MAX_PAGES:  # each page may have its thumbnail
                raise UnreadableDocument("too-many-pages")
    except _Damage:
        broken = True
    if not found:
        raise UnreadableDocument("damaged-tiff")
    pages = _without_thumbnails(found)
    if len(pages) > MAX_PAGES:
        raise UnreadableDocument("too-many-pages")
    return Directories(pages, broken)


def _without_thumbnails(found: Sequence[Directory]) -> tuple[Directory, ...]:
    """Leave out what calls itself reduced, if a page that doesn't is larger in width and length."""
    full = [_size(directory) for directory in found if not _reduced(directory)]
    return tuple(
        directory
        for directory in found
        if not _reduced(directory)
        or not any(_size(directory)[0] < width and _size(directory)[1] < rows for width, rows in full)
    )


def _reduced(directory: Directory) -> bool:
    return bool(directory.number(NEW_SUBFILE_TYPE, 0) & _REDUCED)


def _size(directory: Directory) -> tuple[int, int]:
    return directory.number(IMAGE_WIDTH, 0), directory.number(IMAGE_LENGTH, 0)


def _chain(walk: _Walk) -> Iterator[Directory]:
    offset: int | None = walk.first
    seen: set[int] = set()
    while offset != 0:
        if offset is None:
            raise _Damage
        if offset in seen:
            raise UnreadableDocument("damaged-tiff")
        seen.add(offset)
        directory, offset = walk.directory(offset, len(seen) - 1)
        yield directory
