"""The PDF shows exactly the pixels of the fax, whatever it was coded as, in two viewers that share no code."""

import io
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path

import imagecodecs
import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.libtiff import encode_g4
from services.ingest.documents.pdf import CodedPage, write_pdf
from tests.data.documents.build import INFINITE, RECEIVED, Coded, coded, pixels, tiff_of
from tests.data.documents.render import Shades, by_pdfium, by_poppler

Black = NDArray[np.bool_]
Render = Callable[[bytes, int, float, float], Shades]
ONE_STRIP = ["mh_1728", "mh_fill_1728", "mr_1728", "mr_fill_1728", "mmr_1728"]
WIDE = ["mh_2048", "mr_2048", "mmr_2048", "mh_2432", "mr_2432", "mmr_2432"]
STRIPS = ["mh_1728_strips", "mr_1728_strips", "mmr_1728_strips"]
CLEAN = sorted(path.name for path in RECEIVED.glob("*.tif"))


@pytest.fixture(params=["pdfium", pytest.param("poppler", marks=pytest.mark.needs("poppler-utils"))])
def render(request: pytest.FixtureRequest, tmp_path: Path) -> Render:
    if request.param == "pdfium":
        return by_pdfium
    return lambda pdf, page, x_dpi, y_dpi: by_poppler(pdf, page, x_dpi, y_dpi, tmp_path)


def whole(data: bytes, *, transcoded: int = 0) -> Converted:
    converted = convert_received(data, None)
    assert converted.inspection.missing == ()
    assert converted.inspection.transcoded == transcoded
    return converted


def shown(render: Render, converted: Converted, page: int = 0, dpi: tuple[float, float] = (204, 196)) -> Black:
    shades = render(converted.pdf, page, *dpi)
    assert set(np.unique(shades)) <= {0, 255}
    black: Black = shades == 0
    return black


@pytest.mark.parametrize("name", ONE_STRIP + WIDE)
def test_a_clean_page_in_one_strip_is_passed_through_and_shows_its_pixels(render: Render, name: str) -> None:
    page = coded(name)
    converted = whole(tiff_of(page))
    assert page.strips[0] in converted.pdf
    assert np.array_equal(shown(render, converted), pixels(page.width))


@pytest.mark.parametrize("name", STRIPS)
def test_pages_in_many_strips_are_coded_anew_and_show_their_pixels(render: Render, name: str) -> None:
    page = coded(name)
    assert np.array_equal(shown(render, whole(tiff_of(page), transcoded=1)), pixels(page.width))


TRAITS = list(product(("mh_1728", "mr_1728", "mmr_1728", "mmr_1728_strips"), "<>", (1, 2), (0, 1)))


@pytest.mark.parametrize(("name", "order", "fill_order", "photometric"), TRAITS)
def test_byte_order_bit_order_and_photometric(
    render: Render, name: str, order: str, fill_order: int, photometric: int
) -> None:
    page = coded(name).with_(fill_order=fill_order, photometric=photometric)
    converted = whole(tiff_of(page, order=order), transcoded="strips" in name)
    assert np.array_equal(shown(render, converted), pixels(1728) != (photometric == 1))


@pytest.mark.parametrize("before", [b"\x40", b"\xff\xff", None])
@pytest.mark.parametrize("name", ["mh_fill_1728", "mr_fill_1728"])
def test_g3_that_does_not_start_with_an_eol_is_coded_anew(render: Render, name: str, before: bytes | None) -> None:
    """libtiff skips what is before the first EOL; a viewer takes it for a row."""
    page = coded(name)
    (strip,) = page.strips
    assert strip.startswith(b"\0\1")
    tag = b"" if before is None else strip[:2]
    converted = convert_received(tiff_of(page.with_(strips=((before or b"") + tag + strip[2:],))), None)
    assert converted.inspection.transcoded == 1
    if before is not None:
        assert np.array_equal(shown(render, converted), pixels(1728))


@pytest.mark.parametrize("y_dpi", [98, 196, 391])
@pytest.mark.parametrize("name", ["mh_1728", "mmr_1728", "mr_1728_strips"])
def test_the_page_is_as_high_as_its_resolution_says(render: Render, name: str, y_dpi: int) -> None:
    page = coded(name).with_(dpi=(Fraction(204), Fraction(y_dpi)), rows_per_strip=coded(name).rows_per_strip)
    converted = whole(tiff_of(page), transcoded="strips" in name)
    across, down = pypdfium2.PdfDocument(converted.pdf)[0].get_size()
    assert across == pytest.approx(1728 / 204 * 72, abs=1e-3)
    assert down == pytest.approx(page.rows / y_dpi * 72, abs=1e-3)
    assert np.array_equal(shown(render, converted, dpi=(204, y_dpi)), pixels(1728))


@pytest.mark.parametrize("name", ["mh_1728", "mr_1728", "mmr_1728"])
@pytest.mark.parametrize(
    "changes", [{"rows_per_strip": INFINITE}, {"photometric": None}, {"without": frozenset({278})}]
)
def test_traits_that_change_nothing(name: str, changes: dict[str, object]) -> None:
    converted = whole(tiff_of(coded(name).with_(**changes)))
    assert np.array_equal(shown(by_pdfium, converted), pixels(1728))


def test_dots_per_centimetre(render: Render) -> None:
    per_cm = (Fraction(8031, 100), Fraction(385, 10))
    converted = whole(tiff_of(coded("mh_1728").with_(dpi=per_cm, per_cm=True)))
    assert np.array_equal(shown(render, converted, dpi=(80.31 * 2.54, 38.5 * 2.54)), pixels(1728))


def test_a_short_page_without_a_resolution_is_taken_for_standard() -> None:
    across, down = pypdfium2.PdfDocument(whole(tiff_of(coded("mmr_1728").with_(dpi=None))).pdf)[0].get_size()
    assert (across, down) == pytest.approx((1728 / 204 * 72, 90 / 98 * 72), abs=1e-3)


@pytest.mark.parametrize("name", CLEAN)
def test_received_files_show_what_libtiff_decodes(render: Render, name: str) -> None:
    data = (RECEIVED / name).read_bytes()
    converted = convert_received(data, None)
    assert converted.inspection.transcoded == 0
    for index in range(converted.inspection.pages):
        with Image.open(io.BytesIO(data)) as file:
            file.seek(index)
            dpi = tuple(map(float, file.info["dpi"]))
        assert np.array_equal(
            shown(render, converted, index, (dpi[0], dpi[1])), imagecodecs.tiff_decode(data, index=index)
        )


TURNS: dict[int, Callable[[Black], Black]] = {
    2: np.fliplr,
    3: lambda shades: np.rot90(shades, 2),
    4: np.flipud,
    5: lambda shades: np.rot90(np.fliplr(shades)),
    6: lambda shades: np.rot90(shades, -1),
    7: lambda shades: np.rot90(np.flipud(shades)),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNS)
def test_a_turned_page_is_shown_upright(orientation: int) -> None:
    """TIFF 6.0's orientations: 3 upside down, 6 lying on its left side, 8 on its right; 2, 4, 5, 7 mirrored."""
    converted = whole(tiff_of(coded("mmr_1728").with_(more={274: orientation})), transcoded=1)
    upright = (204, 196) if orientation < 5 else (196, 204)
    expected = TURNS[orientation](pixels(1728))
    assert np.array_equal(shown(by_pdfium, converted, dpi=upright), expected)


@pytest.mark.parametrize("compression", [None, "tiff_ccitt", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_pages_no_fax_machine_wrote(compression: str | None) -> None:
    file = io.BytesIO()
    Image.fromarray(~pixels(1728)).convert("1").save(file, "TIFF", compression=compression, dpi=(204, 196))
    assert np.array_equal(shown(by_pdfium, whole(file.getvalue(), transcoded=1)), pixels(1728))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_grey_pages_keep_their_greys(render: Render, photometric: str) -> None:
    greys = np.tile(np.arange(256, dtype=np.uint8), (64, 3))
    stored = greys if photometric == "minisblack" else 255 - greys
    data = bytes(
        imagecodecs.tiff_encode(
            stored, photometric=photometric, resolution=(200, 100), resolutionunit=2, rowsperstrip=16
        )
    )
    assert np.array_equal(render(whole(data, transcoded=1).pdf, 0, 200, 100), greys)


def test_the_same_fax_gives_the_same_bytes() -> None:
    grey = bytes(imagecodecs.tiff_encode(np.zeros((8, 64), np.uint8), photometric="minisblack"))
    for data in (tiff_of(coded("mh_1728"), coded("mr_2432")), tiff_of(coded("mmr_1728_strips")), grey):
        assert convert_received(data, None) == convert_received(data, None)


@pytest.mark.parametrize("y_dpi", [98, 196, 391])
@pytest.mark.parametrize("width", [1728, 2048, 2432])
def test_no_page_length_is_stretched_by_a_pixel(render: Render, width: int, y_dpi: int) -> None:
    """Edges that fall on a pixel's border by a rounding: 28 rows at 196 dpi in pdfium, 1176 at 98 in poppler."""
    for rows in (28, 56, 113, 504, 1176, 1143 * y_dpi // 98):
        black = np.resize(pixels(width), (rows, width))
        pdf = write_pdf([CodedPage(width, rows, 204, y_dpi, -1, set_is_black=True, data=encode_g4(black))])
        assert np.array_equal(render(pdf, 0, 204, y_dpi) == 0, black)


def test_no_page_is_wider_than_its_pixels(render: Render) -> None:
    """1728 / 400 * 72 is a rounding above 311.04 in floats: poppler showed a column more."""
    pdf = write_pdf([CodedPage(1728, 90, 400, 400, -1, set_is_black=True, data=encode_g4(pixels(1728)))])
    assert np.array_equal(render(pdf, 0, 400, 400) == 0, pixels(1728))


@pytest.mark.parametrize("rows", [1, 2, 17])
def test_short_pages_are_neither_cropped_nor_padded(render: Render, rows: int) -> None:
    data = bytes(
        imagecodecs.tiff_encode(pixels(1728)[20 : 20 + rows], compression="ccittfax4", photometric="miniswhite")
    )
    assert np.array_equal(shown(render, whole(data), dpi=(204, 98)), pixels(1728)[20 : 20 + rows])


def test_a_page_longer_than_a_pdf_may_be_takes_larger_units(tmp_path: Path) -> None:
    page = np.tile(pixels(2432), (300, 1))
    data = bytes(
        imagecodecs.tiff_encode(
            page,
            compression="ccittfax4",
            photometric="miniswhite",
            rowsperstrip=27000,
            resolution=(204, 98),
            resolutionunit=2,
        )
    )
    converted = whole(data)
    assert b"/UserUnit 2" in converted.pdf
    across, down = pypdfium2.PdfDocument(converted.pdf)[0].get_size()
    assert down / across == pytest.approx(27000 / 98 / (2432 / 204), rel=1e-4)
    assert down <= 14_400


@pytest.mark.parametrize("name", STRIPS)
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_strip_that_ends_early_spoils_no_other(name: str, lost: int) -> None:
    page = coded(name)
    strips = list(page.strips)
    strips[lost] = strips[lost][: len(strips[lost]) // 2]
    converted = convert_received(tiff_of(page.with_(strips=tuple(strips))), None)
    black = by_pdfium(converted.pdf, 0, 204, 196) == 0
    sound = [row for row in range(90) if row // 32 != lost]
    assert len(black) == converted.inspection.rows
    if lost == 2:
        assert converted.inspection.missing == (f"page 1 ends early, after {len(black)} of 90 rows",)
        assert np.array_equal(black[:64], pixels(1728)[:64])
    else:
        assert converted.inspection.missing == (f"page 1: {converted.inspection.bad_rows} rows damaged",)
        assert 0 < converted.inspection.bad_rows < 32
        assert np.array_equal(black[sound], pixels(1728)[sound])


def test_coded_is_the_page_of_the_file() -> None:
    page: Coded = coded("mmr_1728_strips")
    assert (page.width, page.rows, page.compression, len(page.strips)) == (1728, 90, 4, 3)
