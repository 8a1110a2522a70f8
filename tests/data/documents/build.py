"""TIFF files of coded pages with any traits: byte and bit order, strips, photometric, resolution, tags."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.data.tiff import directories

HERE = Path(__file__).parent
RECEIVED = HERE.parent / "received"
INFINITE = 0xFFFFFFFF
SHORT, LONG, RATIONAL, ASCII = 3, 4, 5, 2
SHORTS = {258, 259, 262, 266, 274, 277, 296, 327}


@dataclass(frozen=True)
class Coded:
    """A page and how to write it."""

    width: int
    rows: int
    compression: int
    strips: tuple[bytes, ...]
    rows_per_strip: int
    t4_options: int = 0
    photometric: int | None = 0
    fill_order: int = 1
    dpi: tuple[Fraction, Fraction] | None = (Fraction(204), Fraction(196))
    per_cm: bool = False
    more: Mapping[int, int | bytes | tuple[int, ...]] = field(default_factory=dict)
    """Further tags; None removes one."""
    without: frozenset[int] = frozenset()

    def with_(self, **changes: object) -> "Coded":
        return replace(self, **changes)  # type: ignore[arg-type]


def coded(name: str) -> Coded:
    """The only page of a file of this folder."""
    data = (HERE / f"{name}.tif").read_bytes()
    (directory,) = directories(data)

    def values(tag: int, absent: int = 0) -> tuple[int, ...]:
        entry = directory.fields.get(tag)
        if entry is None:
            return (absent,)
        if entry.count == 1:
            return (entry.value,)
        letter = {SHORT: "H", LONG: "I"}[entry.kind]
        at = entry.value if entry.count * struct.calcsize(letter) > 4 else entry.at + 8
        return struct.unpack_from(f"<{entry.count}{letter}", data, at)

    strips = tuple(data[at : at + count] for at, count in zip(values(273), values(279), strict=True))
    return Coded(values(256)[0], values(257)[0], values(259)[0], strips, values(278)[0], values(292)[0])


def pixels(width: int) -> NDArray[np.bool_]:
    """What the pages of a width show; True is black."""
    with Image.open(HERE / f"pixels_{width}.png") as image:
        return ~np.asarray(image)


def tiff_of(*pages: Coded, order: str = "<") -> bytes:
    """A TIFF file, least ("<") or most (">") significant octet first."""
    parts = [{"<": b"II", ">": b"MM"}[order] + struct.pack(order + "H", 42)]
    body = bytearray(parts[0] + bytes(4))
    link = 4
    for page in pages:
        places = []
        for strip in page.strips:
            places.append(len(body))
            body += reversed_bits(strip) if page.fill_order == 2 else strip
        body += bytes(len(body) % 2)
        entries, after = _entries(page, places, order, len(body))
        struct.pack_into(order + "I", body, link, len(body))
        body += struct.pack(order + "H", len(entries)) + b"".join(entries)
        link = len(body)
        body += bytes(4) + after
    return bytes(body)


def reversed_bits(data: bytes) -> bytes:
    return np.packbits(np.unpackbits(np.frombuffer(data, np.uint8)), bitorder="little").tobytes()


def _entries(page: Coded, places: Sequence[int], order: str, start: int) -> tuple[list[bytes], bytes]:
    tags = _tags(page, places)
    after_at = start + 2 + 12 * len(tags) + 4
    entries, after = [], b""
    for tag in sorted(tags):
        kind, count, raw = _raw(tag, tags[tag], order)
        if len(raw) > 4:
            inline = struct.pack(order + "I", after_at + len(after))
            after += raw + bytes(len(raw) % 2)
        else:
            inline = raw.ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", tag, kind, count) + inline)
    return entries, after


def _tags(page: Coded, places: Sequence[int]) -> dict[int, object]:
    tags: dict[int, object] = {
        256: page.width,
        257: page.rows,
        258: 1,
        259: page.compression,
        266: page.fill_order,
        273: tuple(places),
        277: 1,
        278: page.rows_per_strip,
        279: tuple(map(len, page.strips)),
        292: page.t4_options,
        296: 3 if page.per_cm else 2,
    }
    if page.photometric is not None:
        tags[262] = page.photometric
    if page.dpi is not None:
        tags[282], tags[283] = page.dpi
    tags.update(page.more)
    return {tag: value for tag, value in tags.items() if tag not in page.without}


def _raw(tag: int, value: object, order: str) -> tuple[int, int, bytes]:
    if isinstance(value, Fraction):
        return RATIONAL, 1, struct.pack(order + "II", value.numerator, value.denominator)
    if isinstance(value, bytes):
        return ASCII, len(value), value
    values = value if isinstance(value, tuple) else (value,)
    kind, letter = (SHORT, "H") if tag in SHORTS or (tag == 297) else (LONG, "I")
    return kind, len(values), struct.pack(f"{order}{len(values)}{letter}", *values)
