"""Pages are fitted and turned, never stretched."""

import io
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from services.ingest.documents.geometry import ACROSS, FINE, LONGEST, STANDARD, WIDTH, X_DPI, placed
from services.ingest.documents.refusals import RefusedFile
from tests.data.submissions import A4, LETTER, circle, encoded, pdf
from tests.unit.submitted_pages import below_header, bitmaps, inked_box, looks, sent

INCHES = st.floats(0.5, 200)
RESOLUTIONS = st.sampled_from([FINE, STANDARD])


@given(INCHES, INCHES, RESOLUTIONS)
def test_a_page_keeps_its_proportions(width: float, height: float, y_dpi: int) -> None:
    try:
        place = placed(width, height, y_dpi)
    except RefusedFile:
        return  # for its length; see below
    across, down = place.across / X_DPI, place.down / y_dpi
    shown = (down, across) if place.turned else (across, down)
    scales = shown[0] / width, shown[1] / height
    rounding = 0.5 / y_dpi / min(across, down) * 2
    assert scales[0] == pytest.approx(scales[1], rel=0.005 + rounding)
    assert max(scales) < 1 + 0.005 + rounding
    assert place.across <= WIDTH
    assert down < LONGEST + 0.01


@pytest.mark.parametrize(
    ("width", "height", "turned", "inches"),
    [
        (8.5, 11, False, (ACROSS, 11 * ACROSS / 8.5)),
        (8.27, 11.69, False, (8.27, 11.69)),
        (11, 8.5, True, (ACROSS, 11 * ACROSS / 8.5)),
        (11.69, 16.54, False, (ACROSS, 16.54 * ACROSS / 11.69)),  # A3
        (16.54, 11.69, True, (ACROSS, 16.54 * ACROSS / 11.69)),
        (5, 4, False, (5, 4)),  # as it is: turning wouldn't show it larger
        (8.5, 40, False, (ACROSS, 40 * ACROSS / 8.5)),  # long
        (17, 5, True, (5 * 14 / 17, 14)),  # a banner, on the longest sheet
    ],
)
def test_where_pages_of_usual_sizes_lie(width: float, height: float, turned: bool, inches: tuple[float, float]) -> None:
    place = placed(width, height, FINE)
    assert place.turned == turned
    assert (place.across / X_DPI, place.down / FINE) == pytest.approx(inches, abs=0.01)


def test_an_endless_page_is_refused() -> None:
    with pytest.raises(RefusedFile) as refused:
        placed(8, 200, FINE)
    assert refused.value.reason == "page-too-large"


def roundness(page: np.ndarray[tuple[int, int], np.dtype[np.bool_]], y_dpi: int) -> float:
    across, down = inked_box(below_header(page, y_dpi))
    assert page.sum() > 1000
    return (across / X_DPI) / (down / y_dpi)


@pytest.mark.parametrize("y_dpi", [FINE, STANDARD])
@pytest.mark.parametrize("size", [LETTER, A4, LETTER[::-1], (842.0, 1191.0), (2000.0, 1000.0), (300.0, 300.0)])
def test_a_circle_in_a_pdf_stays_a_circle(size: tuple[float, float], y_dpi: int) -> None:
    radius = min(size) * 0.4
    fax = sent(pdf([circle(size[0] / 2, size[1] / 2, radius)], size), pages=looks(y_dpi)).fax
    assert roundness(bitmaps(fax)[0], y_dpi) == pytest.approx(1, abs=0.01)


def disc(side: int, mode: str = "L") -> Image.Image:
    image = Image.new(mode, (side, side), "white")
    ImageDraw.Draw(image).ellipse((side * 0.1, side * 0.15, side * 0.9, side * 0.95), "black")
    return image


@pytest.mark.parametrize("y_dpi", [FINE, STANDARD])
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"dpi": (300, 300)}),
        ("PNG", "L", {}),
        ("TIFF", "RGB", {"dpi": (200, 200)}),
        ("TIFF", "1", {"dpi": (300, 300), "compression": "group4"}),
        ("TIFF", "1", {"dpi": (200, 200), "compression": "group4"}),
    ],
)
def test_a_circle_in_a_picture_stays_a_circle(kind: str, mode: str, options: dict[str, object], y_dpi: int) -> None:
    file = io.BytesIO()
    disc(1500).convert(mode).save(file, kind, **options)
    page = bitmaps(sent(file.getvalue(), pages=looks(y_dpi)).fax)[0]
    assert roundness(page, y_dpi) == pytest.approx(1, abs=0.01)


def test_a_small_picture_is_not_blown_up() -> None:
    page = bitmaps(sent(encoded(np.zeros((96, 192), np.uint8), "PNG")).fax)[0]
    across, down = inked_box(below_header(page))
    assert across == pytest.approx(2 * X_DPI, abs=1)
    assert down == pytest.approx(FINE - 0, abs=FINE * 0.2)


def test_a_landscape_page_is_turned_against_the_clock() -> None:
    wide = pdf(["0 0 100 100 re f"], LETTER[::-1])  # bottom left
    page = below_header(bitmaps(sent(wide).fax)[0])
    rows, columns = np.nonzero(page)
    assert rows.mean() > page.shape[0] * 0.85
    assert columns.mean() > WIDTH * 0.85


def test_the_area_of_a_disc_is_kept() -> None:
    page = below_header(bitmaps(sent(pdf([circle(306, 396, 100)])).fax)[0])
    radius = 100 / 72 * ACROSS / 8.5
    assert page.sum() / X_DPI / FINE == pytest.approx(pi * radius**2, rel=0.01)
