"""TIFF directories and pages: what is read, what is refused, and what is still delivered of a damaged file."""

import struct
from fractions import Fraction

import pytest

from services.ingest.documents import tags
from services.ingest.documents.limits import MAX_PIXELS
from services.ingest.documents.page import Page, page_of
from services.ingest.documents.tiff import read_directories
from services.ingest.documents.unreadable import SENTENCES, Reason, UnreadableDocument, UnreadablePage
from tests.data.documents.build import HERE, INFINITE, Coded, coded, tiff_of

PLAIN = coded("mmr_1728")


def only(data: bytes) -> Page:
    (directory,) = read_directories(data).found
    return page_of(directory, data)


def refused(data: bytes) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        read_directories(data)
    assert caught.value.sentence == SENTENCES[caught.value.reason]
    return caught.value.reason


def refused_page(page: Coded) -> Reason:
    with pytest.raises(UnreadablePage) as caught:
        only(tiff_of(page))
    return caught.value.reason


def with_next_directory(data: bytes, offset: int) -> bytes:
    """Point the last directory of a file of one page at an offset."""
    start = struct.unpack_from("<I", data, 4)[0]
    (count,) = struct.unpack_from("<H", data, start)
    at = start + 2 + 12 * count
    return data[:at] + struct.pack("<I", offset) + data[at + 4 :]


@pytest.mark.parametrize("order", "<>")
def test_a_page_is_read_in_both_byte_orders(order: str) -> None:
    page = PLAIN.with_(fill_order=2, more={270: b"+1 555 0100\0", 326: 3, 327: 1, 328: 2, 297: (0, 1)})
    data = tiff_of(page, order=order)
    read = only(data)
    assert (read.width, read.rows, read.x_dpi, read.y_dpi) == (1728, 90, 204.0, 196.0)
    assert (read.compression, read.t4_options, read.photometric, read.bits) == (4, 0, 0, 1)
    assert (read.bad_rows, read.consecutive_bad_rows, read.damage_reported, read.cut) == (3, 2, True, False)
    assert [band.segments for band in read.bands] == [PLAIN.strips]
    assert read_directories(data).found[0].text[270] == b"+1 555 0100"
    assert read_directories(data).found[0].whole(297) == (0, 1)


def test_t4_options_beyond_its_three_bits_are_left_out() -> None:
    assert only(tiff_of(coded("mr_1728").with_(t4_options=0x80000005))).t4_options == 5


def test_strips_divide_the_rows() -> None:
    assert [band.rows for band in only((HERE / "mmr_1728_strips.tif").read_bytes()).bands] == [32, 32, 26]


@pytest.mark.parametrize("rows_per_strip", [INFINITE, 90, 1_000, 0])
def test_one_strip_holds_all_rows_whatever_rows_per_strip_says(rows_per_strip: int) -> None:
    (band,) = only(tiff_of(PLAIN.with_(rows_per_strip=rows_per_strip))).bands
    assert band.rows == 90


def test_resolution_per_centimetre() -> None:
    page = only(tiff_of(PLAIN.with_(dpi=(Fraction(8031, 100), Fraction(77)), per_cm=True)))
    assert (page.x_dpi, page.y_dpi) == pytest.approx((203.99, 195.58), abs=0.01)


@pytest.mark.parametrize(
    ("dpi", "rows", "taken"),
    [
        (None, 1449, (204, 98)),
        (None, 1450, (204, 196)),
        ((Fraction(1), Fraction(1)), 2156, (204, 196)),
        ((Fraction(9999), Fraction(9)), 1143, (204, 98)),
        ((Fraction(0), Fraction(98)), 2156, (204, 98)),
        ((Fraction(200), Fraction(0)), 1143, (200, 98)),
        ((Fraction(8031, 100), Fraction(3858, 100)), 1143, (204, 98)),
        ((Fraction(8031, 100), Fraction(7717, 100)), 1143, (204, 196)),
        ((Fraction(80), Fraction(80)), 1143, (80, 80)),
    ],
)
def test_an_absent_or_impossible_resolution_is_guessed_so_that_no_page_is_squashed(
    dpi: tuple[Fraction, Fraction] | None, rows: int, taken: tuple[int, int]
) -> None:
    page = only(tiff_of(PLAIN.with_(dpi=dpi, rows=rows)))
    assert (page.x_dpi, page.y_dpi) == pytest.approx(taken, rel=1e-3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"II", "not-a-tiff"),
        (b"XX*\0\x08\0\0\0", "not-a-tiff"),
        (b"II+\0\x08\0\0\0", "not-a-tiff"),
        (b"MM*\0\0\0\0\x08", "not-a-tiff"),
        (b"%PDF-1.4\n%\xe2\xe3", "not-a-tiff"),
        (b"II*\0\0\0\0\0", "damaged-tiff"),
        (b"II*\0\xff\xff\xff\x7f", "damaged-tiff"),
        (b"II*\0\x08\0\0\0", "damaged-tiff"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "damaged-tiff"),
        (b"II*\0\x08\0\0\0\xff\xff", "damaged-tiff"),
    ],
)
def test_what_holds_no_page_is_refused(data: bytes, reason: Reason) -> None:
    assert refused(data) == reason


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read_directories(tiff_of(*[PLAIN] * 350)).found) == 350
    assert refused(tiff_of(*[PLAIN] * 351)) == "too-many-pages"
    monkeypatch.setattr("services.ingest.documents.tiff.MAX_BYTES", 1000)
    assert refused(tiff_of(PLAIN)) == "too-large"


def test_a_chain_that_returns_to_itself_is_refused() -> None:
    data = tiff_of(PLAIN)
    start = struct.unpack_from("<I", data, 4)[0]
    assert refused(with_next_directory(data, start)) == "damaged-tiff"


@pytest.mark.parametrize("offset", [1 << 31, 5])
def test_pages_before_the_damage_are_found(offset: int) -> None:
    directories = read_directories(with_next_directory(tiff_of(PLAIN), offset))
    assert directories.broken
    assert directories.found[0].number(tags.IMAGE_WIDTH, 0) == 1728


def test_a_file_cut_in_its_second_directory_still_has_its_first_page() -> None:
    data = tiff_of(PLAIN, PLAIN)
    directories = read_directories(data[:-100])
    assert (len(directories.found), directories.broken) == (1, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 100_000, "rows": 100_000}, "page-too-large"),
        ({"width": 16_385, "rows": 1}, "page-too-large"),
        ({"width": 2432, "rows": 27_595}, "page-too-large"),
        ({"width": INFINITE, "rows": INFINITE}, "page-too-large"),
        ({"width": 0}, "damaged-tiff"),
        ({"rows": 0}, "damaged-tiff"),
        ({"without": frozenset({256})}, "damaged-tiff"),
        ({"without": frozenset({273})}, "damaged-tiff"),
        ({"more": {279: (1, 2, 3)}}, "damaged-tiff"),
        ({"more": {322: 0, 323: 0, 324: (8, 8), 325: (9, 9)}}, "damaged-tiff"),
        ({"more": {322: 1 << 20, 323: 1 << 20, 324: 8, 325: 9}}, "damaged-tiff"),
        ({"compression": 7}, "unsupported-coding"),
        ({"compression": 3, "more": {258: 8}}, "unsupported-coding"),
        ({"photometric": 2}, "unsupported-coding"),
        ({"more": {277: 3}}, "unsupported-coding"),
    ],
)
def test_pages_that_cannot_be_read(changes: dict[str, object], reason: Reason) -> None:
    assert refused_page(PLAIN.with_(**changes)) == reason


def test_the_longest_page_of_the_widest_fax_is_admitted() -> None:
    assert only(tiff_of(PLAIN.with_(width=2432, rows=27_594))).rows == 27_594
    assert MAX_PIXELS >= 2432 * 27_594


def test_a_picture_without_a_resolution_is_not_taken_for_a_standard_page() -> None:
    page = only(tiff_of(PLAIN.with_(width=800, rows=600, dpi=None)))
    assert (page.x_dpi, page.y_dpi) == (204, 196)


def test_strips_that_overlap_cannot_make_a_small_file_large() -> None:
    data = tiff_of(PLAIN.with_(rows_per_strip=1, more={273: (8,) * 90, 279: (3000,) * 90}))
    with pytest.raises(UnreadablePage, match="damaged-tiff"):
        only(data)


@pytest.mark.parametrize("name", ["mmr_1728", "mmr_1728_strips"])
@pytest.mark.parametrize("stated", [False, True])
def test_strips_of_no_stated_length_reach_to_the_next(name: str, *, stated: bool) -> None:
    """As libtiff has it where StripByteCounts is absent or 0."""
    page = coded(name)
    changes = {"more": {279: (0,) * len(page.strips)}} if stated else {"without": frozenset({279})}
    read = only(tiff_of(page.with_(**changes)))
    assert read.cut
    assert all(found.startswith(strip) for found, strip in zip(read.strips, page.strips, strict=True))
    assert read.strips[:-1] == page.strips[:-1]


def test_a_thumbnail_is_no_page() -> None:
    small = coded("mmr_1728").with_(width=216, rows=11, more={254: 1})
    large = PLAIN.with_(width=4000, rows=4000, more={254: 1})
    found = read_directories(tiff_of(small, PLAIN.with_(more={254: 2}), small, large, PLAIN)).found
    assert [(page.index, page.number(tags.IMAGE_WIDTH, 0)) for page in found] == [(1, 1728), (3, 4000), (4, 1728)]
    assert len(read_directories(tiff_of(small, small)).found) == 2


def test_a_strip_that_reaches_past_the_end_is_cut_there() -> None:
    page = only(tiff_of(PLAIN.with_(more={279: 1 << 30})))
    assert page.cut
    assert page.bands[0].segments[0].startswith(PLAIN.strips[0])


def test_values_outside_the_file_are_lost_and_matter_only_if_the_pixels_need_them() -> None:
    data = tiff_of(PLAIN.with_(more={270: b"+1 555 0100\0"}))
    directories = read_directories(data[:-4])
    assert directories.found[0].lost
    assert page_of(directories.found[0], data[:-4]).rows == 90
    strips = coded("mmr_1728_strips")
    cut = tiff_of(strips)[:-30]
    (directory,) = read_directories(cut).found
    with pytest.raises(UnreadablePage, match="damaged-tiff"):
        page_of(directory, cut)


def test_a_tag_of_absurd_count_or_type_is_lost() -> None:
    data = bytearray(tiff_of(PLAIN))
    start = struct.unpack_from("<I", data, 4)[0]
    for kind, count in ((99, 1), (4, 0), (4, 1 << 30), (12, 1)):
        struct.pack_into("<HI", data, start + 2 + 2, kind, count)
        with pytest.raises(UnreadablePage, match="damaged-tiff"):
            only(bytes(data))
