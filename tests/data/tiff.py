"""Just enough TIFF to read, change and write single fields: little-endian, classic, no codec."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

LONG = 4
TAGS = {
    "width": 256,
    "rows": 257,
    "bits": 258,
    "compression": 259,
    "photometric": 262,
    "strip_offset": 273,
    "samples": 277,
    "rows_per_strip": 278,
    "strip_octets": 279,
}
G4 = 4
SHORT_PAGE = {
    "width": 1728,
    "rows": 16,
    "bits": 1,
    "compression": G4,
    "photometric": 0,
    "samples": 1,
    "strip_offset": 8,
    "rows_per_strip": 0xFFFFFFFF,
}


@dataclass(frozen=True)
class Field:
    """One entry of a directory: where its 12 octets are, and what they say."""

    at: int
    tag: int
    kind: int
    count: int
    value: int


@dataclass(frozen=True)
class Directory:
    """One page's fields by tag, and where the offset of the next directory is written."""

    fields: Mapping[int, Field]
    link_at: int


def directories(data: bytes) -> Iterator[Directory]:
    """The directories of a sound file in page order."""
    (offset,) = struct.unpack_from("<I", data, 4)
    while offset:
        (count,) = struct.unpack_from("<H", data, offset)
        spots = range(offset + 2, offset + 2 + 12 * count, 12)
        found = [Field(spot, *struct.unpack_from("<HHII", data, spot)) for spot in spots]
        link_at = offset + 2 + 12 * count
        yield Directory({field.tag: field for field in found}, link_at)
        (offset,) = struct.unpack_from("<I", data, link_at)


def with_long(data: bytes, at: int, value: int) -> bytes:
    """`data` with the four octets at `at` saying `value`."""
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def document(pages: Sequence[Mapping[str, int]], strip: bytes) -> bytes:
    """A TIFF whose pages all point at the same `strip` of G4 data and say of it what `pages` says.

    Args:
        pages: For each page the values of `TAGS` that differ from those of `SHORT_PAGE`.
        strip: The coded octets.
    """
    parts = [b"II*\0", struct.pack("<I", 8 + len(strip)), strip]
    for number, page in enumerate(pages, start=1):
        start = sum(map(len, parts))
        parts.append(_directory(page, strip, start=start, last=number == len(pages)))
    return b"".join(parts)


def _directory(page: Mapping[str, int], strip: bytes, *, start: int, last: bool) -> bytes:
    values = {**SHORT_PAGE, "strip_octets": len(strip), **page}
    fields = sorted((TAGS[name], value) for name, value in values.items())
    entries = b"".join(struct.pack("<HHII", tag, LONG, 1, value) for tag, value in fields)
    link = 0 if last else start + 2 + len(entries) + 4
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", link)
