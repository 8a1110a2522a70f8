"""Files no pipeline may stumble over. All are made from the same input to the same octets, every time.

`STORED` are the ones kept in tests/data/hostile; the others are cheap enough to make when a test runs.
"""

import random
from collections.abc import Callable, Iterator, Mapping

from tests.data import tiff

WHITE_ROWS = bytes.fromhex("ffff001001")
"""Sixteen white rows in G4 (one bit each) and the end-of-block mark (ITU-T T.6)."""

PERCENTAGES = range(10, 100, 10)


def empty() -> bytes:
    """No octet at all."""
    return b""


def wrong_magic(sound: bytes) -> bytes:
    """A fax whose first two octets are neither II nor MM."""
    return b"XX" + sound[2:]


def declared_huge() -> bytes:
    """A few octets that say they are 100,000 x 100,000 pixels: 1.25 GB once decoded."""
    return tiff.document([{"width": 100_000, "rows": 100_000}], WHITE_ROWS)


def cyclic(sound: bytes) -> bytes:
    """A fax whose last page names the first as its next."""
    *_, last = tiff.directories(sound)
    return tiff.with_long(sound, last.link_at, int.from_bytes(sound[4:8], "little"))


def strip_past_end(sound: bytes) -> bytes:
    """A fax whose first page's image lies beyond the end of the file."""
    field = next(tiff.directories(sound)).fields[tiff.TAGS["strip_offset"]]
    return tiff.with_long(sound, field.at + 8, 0x7FFFFFFF)


def no_pages() -> bytes:
    """A TIFF header whose first directory is nowhere."""
    return b"II*\0\0\0\0\0"


def zero_rows() -> bytes:
    """A page of no rows."""
    return tiff.document([{"rows": 0}], WHITE_ROWS)


def raw_page(sound: bytes) -> bytes:
    """The coded image of a G3 fax alone, most significant bit first: a page, and no TIFF around it."""
    fields = next(tiff.directories(sound)).fields
    start = fields[tiff.TAGS["strip_offset"]].value
    strip = sound[start : start + fields[tiff.TAGS["strip_octets"]].value]
    return strip.translate(bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256)))


def many_pages(count: int) -> bytes:
    """A sound fax of `count` white pages of 16 rows, 114 octets each, without a resolution."""
    return tiff.document([{}] * count, WHITE_ROWS)


def truncated(sound: bytes, percent: int) -> bytes:
    """The first `percent` % of a fax."""
    return sound[: len(sound) * percent // 100]


def truncations(sound: bytes) -> Iterator[tuple[int, bytes]]:
    """A fax cut after 10 %, 20 %, … 90 %, each with its percentage."""
    return ((percent, truncated(sound, percent)) for percent in PERCENTAGES)


def whole_pages(sound: bytes, percent: int) -> int:
    """How many pages `truncated` leaves whole; a receiver writes each directory after its image."""
    octets = len(truncated(sound, percent))
    return sum(page.link_at + 4 <= octets for page in tiff.directories(sound))


def flipped(sound: bytes, *, seed: int, flips: int) -> bytes:
    """A fax with `flips` bits turned over at places drawn from `seed`."""
    damaged = bytearray(sound)
    draw = random.Random(seed)
    for _ in range(flips):
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def bad_image(sound: bytes) -> bytes:
    """A one-page fax with 12 bits of its image turned over; header and directory are sound."""
    strip = next(tiff.directories(sound)).fields[tiff.TAGS["strip_octets"]].value
    start = next(tiff.directories(sound)).fields[tiff.TAGS["strip_offset"]].value
    return sound[:start] + flipped(sound[start : start + strip], seed=30, flips=12) + sound[start + strip :]


STORED: Mapping[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "empty.tif": (lambda _: empty(), "set-aside", "no octets"),
    "wrong_magic.tif": (wrong_magic, "set-aside", "starts with XX: not a TIFF"),
    "declared_huge.tif": (lambda _: declared_huge(), "set-aside", "says 100,000 x 100,000 pixels in 127 octets"),
    "cyclic.tif": (cyclic, "set-aside", "the chain of pages never ends"),
    "strip_past_end.tif": (strip_past_end, "set-aside", "the image lies beyond the end of the file"),
    "no_pages.tif": (lambda _: no_pages(), "set-aside", "a header and no page"),
    "zero_rows.tif": (lambda _: zero_rows(), "set-aside", "a page of no rows"),
    "raw_page.g3": (raw_page, "set-aside", "a coded page without a TIFF around it"),
    "truncated_half.tif": (lambda sound: truncated(sound, 50), "set-aside", "cut before its only directory"),
    "bit_flips.tif": (bad_image, "partial", "readable, but bits of the image are flipped"),
}
"""File name: how it is made of a sound one-page G3 fax, how it should end, and why."""
