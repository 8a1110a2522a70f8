"""The TIFF that is dialled: one G4 strip a page, as spandsp and every fax server read it (TIFF 6.0; RFC 3949)."""

import struct
from typing import Final

from services.ingest.documents import tags
from services.ingest.documents.geometry import WIDTH, X_DPI

_HEADER: Final = struct.Struct("<2sHI")
_ENTRY: Final = struct.Struct("<HHII")
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_T6_OPTIONS: Final = 293
_ONE_PAGE_OF_MANY, _G4, _MINISWHITE, _MSB_FIRST, _INCH = 2, 4, 0, 1, 2


class FaxFile:
    """Takes page after page, and gives the file.

    Args:
        pages: how many there will be: each page says so.
    """

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._added = 0
        self._parts: list[bytes] = []
        self._directories: list[tuple[int, bytes]] = []
        self.size = _HEADER.size

    def add(self, strip: bytes, rows: int, y_dpi: int) -> None:
        """Add a page WIDTH pixels across.

        Args:
            strip: the rows, coded as T.6, most significant bit first.
            rows: how many.
            y_dpi: rows an inch.
        """
        at = self.size
        self._add(strip + bytes(len(strip) % 2))  # what a directory points to starts at an even offset
        resolutions = self.size
        self._add(struct.pack("<4I", X_DPI, 1, y_dpi, 1))
        table = {
            tags.NEW_SUBFILE_TYPE: (_LONG, 1, _ONE_PAGE_OF_MANY),
            tags.IMAGE_WIDTH: (_LONG, 1, WIDTH),
            tags.IMAGE_LENGTH: (_LONG, 1, rows),
            tags.BITS_PER_SAMPLE: (_SHORT, 1, 1),
            tags.COMPRESSION: (_SHORT, 1, _G4),
            tags.PHOTOMETRIC: (_SHORT, 1, _MINISWHITE),
            tags.FILL_ORDER: (_SHORT, 1, _MSB_FIRST),
            tags.STRIP_OFFSETS: (_LONG, 1, at),
            tags.ORIENTATION: (_SHORT, 1, 1),
            tags.SAMPLES_PER_PIXEL: (_SHORT, 1, 1),
            tags.ROWS_PER_STRIP: (_LONG, 1, rows),
            tags.STRIP_BYTE_COUNTS: (_LONG, 1, len(strip)),
            tags.X_RESOLUTION: (_RATIONAL, 1, resolutions),
            tags.Y_RESOLUTION: (_RATIONAL, 1, resolutions + 8),
            _T6_OPTIONS: (_LONG, 1, 0),
            tags.RESOLUTION_UNIT: (_SHORT, 1, _INCH),
            tags.PAGE_NUMBER: (_SHORT, 2, self._added | self._pages << 16),
        }
        entries = b"".join(_ENTRY.pack(tag, *value) for tag, value in table.items())
        self._directories.append((self.size, struct.pack("<H", len(table)) + entries))
        self._add(bytes(len(self._directories[-1][1]) + 4))
        self._added += 1

    def finished(self) -> bytes:
        """The whole file."""
        file = bytearray(b"".join((_HEADER.pack(b"II", 42, self._directories[0][0]), *self._parts)))
        following = [at for at, _ in self._directories[1:]] + [0]
        for (at, directory), after in zip(self._directories, following, strict=True):
            file[at : at + len(directory) + 4] = directory + struct.pack("<I", after)
        return bytes(file)

    def _add(self, part: bytes) -> None:
        self._parts.append(part)
        self.size += len(part)
