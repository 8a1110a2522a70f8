"""What is missing of a fax is found, and nothing is found missing of a clean one."""

import json
import re
import struct
from fractions import Fraction
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from services.ingest.documents import tags
from services.ingest.documents.conversion import convert_received
from services.ingest.documents.inspection import Inspection
from services.ingest.documents.libtiff import Coding, decode_strips
from services.ingest.documents.tiff import read_directories
from services.ingest.documents.unreadable import UnreadableDocument
from tests.data.documents.build import Coded, coded, pixels, tiff_of
from tests.data.documents.render import by_pdfium

DATA = Path(__file__).parents[1] / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())
CODINGS = ["mh_1728", "mh_fill_1728", "mr_1728", "mr_fill_1728", "mmr_1728"]


def inspected(data: bytes, announced: int | None = None, bad_rows: int = 0) -> Inspection:
    return convert_received(data, announced, bad_rows).inspection


def call_of(name: str) -> int:
    call = EXPECTED[name].get("call")
    return call["result"]["bad_rows"] if call else 0


@pytest.mark.parametrize("name", [name for name, fax in EXPECTED.items() if fax["end"] != "set-aside"])
def test_each_fax_ends_as_expected(name: str) -> None:
    fax = EXPECTED[name]
    found = inspected((DATA / name).read_bytes(), fax["announced_pages"], call_of(name))
    assert (found.pages, found.rows) == (fax["pages"], sum(fax["rows"]))
    assert found.partial == (fax["end"] == "partial"), found.missing
    assert bool(found.missing) == found.partial
    assert found.bad_rows >= call_of(name)


@pytest.mark.parametrize("name", [name for name, fax in EXPECTED.items() if fax["end"] == "set-aside"])
def test_each_hostile_file_is_refused(name: str) -> None:
    with pytest.raises(UnreadableDocument):
        convert_received((DATA / name).read_bytes(), 1)


@pytest.mark.parametrize("name", [*CODINGS, "mh_2048", "mr_2432", "mmr_2432", "mr_1728_strips"])
def test_a_clean_page_misses_nothing(name: str) -> None:
    data = tiff_of(coded(name), coded(name))
    for announced in (None, 2, 1):
        found = inspected(data, announced)
        assert (found.pages, found.rows, found.bad_rows, found.lost_rows) == (2, 180, 0, 0)
        assert (found.partial, found.missing) == (False, ())


def test_the_sender_is_read() -> None:
    page = coded("mmr_1728").with_(more={270: b"+1 555 0100\x07 \0"})
    assert inspected(tiff_of(page)).sender == "+1 555 0100"
    assert inspected(tiff_of(coded("mmr_1728"))).sender is None


def test_pages_that_were_announced_and_did_not_come() -> None:
    found = inspected(tiff_of(coded("mmr_1728")), 3)
    assert found.missing == ("page 2 of 3 was not received", "page 3 of 3 was not received")


def test_a_wrong_page_number_is_believed_only_of_a_damaged_file() -> None:
    page = coded("mmr_1728").with_(more={297: (0, 9)})
    assert not inspected(tiff_of(page)).partial
    cut = tiff_of(page, page)[:-200]
    assert inspected(cut).missing[0] == "page 2 of 9 was not received"
    assert inspected(tiff_of(coded("mmr_1728"), coded("mmr_1728"))[:-200]).missing == (
        "the file is damaged after page 1",
    )


def test_rows_the_receiver_counts() -> None:
    page = coded("mh_1728").with_(more={326: 24, 327: 1, 328: 11})
    assert inspected(tiff_of(page)).missing == ("page 1: 24 rows damaged, 11 in a row",)
    assert inspected(tiff_of(page), None, 24).bad_rows == 24
    assert inspected(tiff_of(page), None, 30).missing[1] == "6 rows damaged on the line, by the receiver's count"
    absurd = coded("mh_1728").with_(more={326: 38_837, 327: 1, 328: 38_838})
    assert inspected(tiff_of(absurd)).missing == ("page 1: the receiver reports damaged rows",)
    unclean = coded("mh_1728").with_(more={327: 2})
    assert inspected(tiff_of(unclean)).missing == ("page 1: the receiver reports damaged rows",)


def flipped(page: Coded, at: int, bit: int = 0x10) -> Coded:
    (strip,) = page.strips
    return page.with_(strips=(strip[:at] + bytes([strip[at] ^ bit]) + strip[at + 1 :],))


@pytest.mark.parametrize("name", ["mh_1728", "mh_fill_1728"])
@pytest.mark.parametrize("bit", [0x01, 0x40])
def test_a_hit_anywhere_in_g3_is_found_and_the_pdf_shows_what_was_decoded(name: str, bit: int) -> None:
    """One bit in each 23 octets in turn. Only two hits that leave every row whole, of all these, cannot be seen."""
    page = coded(name)
    hits = range(2, len(page.strips[0]), 23)
    unseen = 0
    for at in hits:
        converted = convert_received(tiff_of(flipped(page, at, bit)), 1)
        found = converted.inspection
        assert found.rows == 90 - found.lost_rows
        assert found.partial == (found.bad_rows + found.lost_rows > 0)
        shades = by_pdfium(converted.pdf, 0, 204, 196)
        wrong = ((shades == 0) != pixels(1728)[: found.rows]).any(axis=1)
        unseen += not found.partial and bool(wrong.any())
        if not found.lost_rows:  # else the rows below the lost one have moved up
            assert wrong.sum() <= max(1, found.bad_rows) or found.bad_rows == 2  # an EOL made in a row splits it in two
    assert unseen <= 2


def test_what_libtiff_skips_in_silence_is_found() -> None:
    """A run that ends its row too soon leaves codes before the EOL, which other viewers take for the next row."""
    page = coded("mh_1728")
    at = 1855  # in the row of single dots, where a run of two for one of one ends the row a run early
    converted = convert_received(tiff_of(flipped(page, at, 0x08)), 1)
    assert converted.inspection.missing == ("page 1: 1 row damaged",)
    wrong = ((by_pdfium(converted.pdf, 0, 204, 196) == 0) != pixels(1728)).any(axis=1)
    assert np.flatnonzero(wrong).tolist() in ([], [51])


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_page_whose_data_ends_early_ends_there(name: str, tenth: int) -> None:
    page = coded(name)
    (strip,) = page.strips
    converted = convert_received(tiff_of(page.with_(strips=(strip[: len(strip) * tenth // 10],))), 1)
    found = converted.inspection
    assert found.missing == (f"page 1 ends early, after {found.rows} of 90 rows",)
    assert found.rows == 90 - found.lost_rows > 0
    assert np.array_equal(by_pdfium(converted.pdf, 0, 204, 196) == 0, pixels(1728)[: found.rows])


@pytest.mark.parametrize("compression", ["none", "packbits", "lzw", "deflate"])
def test_a_cut_page_of_any_coding_ends_where_its_data_ends(compression: str) -> None:
    page = np.tile(pixels(1728), (3, 1))
    sound = bytes(
        imagecodecs.tiff_encode(page, compression=compression, photometric="miniswhite", rowsperstrip=len(page))
    )
    (directory,) = read_directories(sound).found
    (start,), (length,) = directory.whole(tags.STRIP_OFFSETS), directory.whole(tags.STRIP_BYTE_COUNTS)
    half = sound[start : start + length // 2]
    cut = Coded(1728, 270, directory.number(tags.COMPRESSION, 1), (half,), 270, dpi=(Fraction(204), Fraction(98)))
    converted = convert_received(tiff_of(cut), 1)
    rows = converted.inspection.rows
    assert converted.inspection.missing == (f"page 1 ends early, after {rows} of 270 rows",)
    assert rows > 40
    assert np.array_equal(by_pdfium(converted.pdf, 0, 204, 98) == 0, page[:rows])


@pytest.mark.parametrize("name", CODINGS)
def test_a_declared_length_beyond_the_data_is_found(name: str) -> None:
    page = coded(name)
    converted = convert_received(tiff_of(page.with_(rows=120, rows_per_strip=120)), 1)
    assert converted.inspection.missing == ("page 1 ends early, after 90 of 120 rows",)
    assert np.array_equal(by_pdfium(converted.pdf, 0, 204, 196) == 0, pixels(1728))


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize(
    "changes",
    [
        {"fill_order": 2, "without": frozenset({266})},
        {"fill_order": 2, "more": {266: 1}},
        {"fill_order": 1, "more": {266: 2}},
        {"without": frozenset({292})},
        {"t4_options": 1},
        {"fill_order": 2, "without": frozenset({266, 292})},
        {"without": frozenset({279})},
    ],
)
def test_tags_that_misstate_the_coding_cost_no_row(name: str, changes: dict[str, object]) -> None:
    converted = convert_received(tiff_of(coded(name).with_(**changes), coded(name)), 2)
    assert converted.inspection.missing == ()
    assert np.array_equal(by_pdfium(converted.pdf, 0, 204, 196) == 0, pixels(1728))


def test_a_describing_tag_of_a_strange_type_is_no_damage() -> None:
    data = tiff_of(coded("mmr_1728").with_(more={270: b"+1 555 0100\0"}))
    strange = data.replace(struct.pack("<HH", 270, 2), struct.pack("<HH", 270, 7))
    assert strange != data
    assert inspected(strange).missing == ()


@pytest.mark.parametrize("more", [b"\0\0\0", b"\0\x10\x01" * 3])
@pytest.mark.parametrize("name", CODINGS)
def test_what_follows_the_last_row_is_no_damage(name: str, more: bytes) -> None:
    """Padding, and the six EOLs (RTC) or two (EOFB) that end a page in T.4 and T.6."""
    page = coded(name)
    found = inspected(tiff_of(page.with_(strips=(page.strips[0] + more,))), 1)
    assert (found.rows, found.missing) == (90, ())


@pytest.mark.parametrize("name", ["mh_1728", "mmr_1728"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_a_page_lost_half_way_through_a_damaged_one_is_white_not_black(name: str, photometric: int) -> None:
    page = coded(name).with_(photometric=photometric)
    strip = bytearray(page.strips[0])
    middle = len(strip) // 2
    strip[middle : middle + 400] = bytes(400)
    converted = convert_received(tiff_of(page.with_(strips=(bytes(strip),))), 1)
    assert converted.inspection.partial
    shown = by_pdfium(converted.pdf, 0, 204, 196) == 0
    expected = pixels(1728) != (photometric == 1)
    assert shown.mean() <= expected.mean() + 0.1


def test_the_other_pages_are_delivered_when_one_cannot_be_read() -> None:
    good, bad = coded("mmr_1728"), coded("mmr_1728").with_(width=100_000, rows=100_000)
    found = inspected(tiff_of(good, bad, good.with_(compression=7), good), 4)
    assert found.pages == 2
    assert found.missing == (
        "page 2 is larger than any fax page",
        "page 3 is stored in a form that a fax does not use",
    )


def test_what_is_missing_stays_short_enough_for_an_event() -> None:
    found = inspected(tiff_of(coded("mmr_1728")), 350)
    assert len(found.missing) == 21
    assert found.missing[-1] == "and 329 more"


def test_many_damaged_rows_in_a_row_are_white_and_none_is_black() -> None:
    page = coded("mh_fill_1728")
    strip = bytearray(page.strips[0])
    starts = [
        eol.end()
        for eol in re.finditer(rb"[\x00\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0]\x01", strip)
    ]
    assert len(starts) == 90
    for start in starts[10:20]:
        strip[start : start + 3] = b"\x55" * 3
    for photometric in (0, 1):
        converted = convert_received(tiff_of(page.with_(strips=(bytes(strip),), photometric=photometric)), 1)
        assert converted.inspection.missing == ("page 1: 10 rows damaged",)
        black = by_pdfium(converted.pdf, 0, 204, 196) == 0
        expected = pixels(1728) != (photometric == 1)
        assert np.array_equal(black[10:15], expected[[9] * 5])
        assert not black[15:20].any()
        assert np.array_equal(np.delete(black, range(10, 20), 0), np.delete(expected, range(10, 20), 0))


def test_rows_of_later_strips_are_numbered_from_the_top() -> None:
    first, second, third = coded("mh_1728_strips").strips
    third = third[:300] + b"\xff" * 3 + third[303:]
    decoded = decode_strips([first, second, third], 90, 32, Coding(1728, 1, 3, 0, 1))
    assert decoded is not None
    assert min(decoded.bad) == 64 + 10


def test_a_damaged_row_of_g4_ends_the_page() -> None:
    """Each row of G4 is coded by the row above, so nothing holds after the first bad one."""
    page = coded("mmr_1728")
    for at in range(0, len(page.strips[0]) - 10, 71):
        converted = convert_received(tiff_of(flipped(page, at, 0xFF)), 1)
        found = converted.inspection
        assert (found.rows + found.lost_rows, found.bad_rows) == (90, 0)
        assert len(by_pdfium(converted.pdf, 0, 204, 196)) == found.rows


def test_libtiff_still_names_the_damaged_rows() -> None:
    """The row check stands on the wording of libtiff's warnings."""
    assert imagecodecs.tiff_version().split()[1] >= "4.5"
    assert inspected(tiff_of(flipped(coded("mh_1728"), 1500)), 1).bad_rows > 0
