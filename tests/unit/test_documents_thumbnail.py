"""The first page's picture: its size, its proportions, its shades."""

import io
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.ingest.documents.conversion import convert_received
from services.ingest.documents.raster import Raster
from services.ingest.documents.thumbnail import LONGEST, WIDTH, thumbnail
from tests.data.documents.build import coded, pixels, tiff_of


def picture(pixels: NDArray[np.bool_] | NDArray[np.uint8], x_dpi: float = 204, y_dpi: float = 196) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(thumbnail(Raster(pixels, x_dpi, y_dpi, 0, 0, exact=True)))) as image:
        assert (image.format, image.mode) == ("PNG", "L")
        return np.asarray(image)


@pytest.mark.parametrize("width", [1728, 2048, 2432, 1730, 8, 1])
@pytest.mark.parametrize("y_dpi", [98, 196, 391])
def test_the_page_keeps_its_proportions(width: int, y_dpi: int) -> None:
    rows = max(1, round(width * 1.3 * y_dpi / 204))
    height, across = picture(np.zeros((rows, width), np.bool_), 204, y_dpi).shape
    assert across == WIDTH
    assert height == pytest.approx(WIDTH * 1.3, abs=1 if width > 100 else WIDTH)


@pytest.mark.parametrize("width", [1728, 2048, 2432, 1733])
def test_shades_are_the_share_of_black(width: int) -> None:
    assert (picture(np.zeros((2286, width), np.bool_)) == 255).all()
    black = picture(np.ones((2286, width), np.bool_))
    assert (black[:, :-1] == 0).all()
    top_half = np.zeros((2286, width), np.bool_)
    top_half[:1143] = True
    shades = picture(top_half)
    half = len(shades) // 2
    assert (shades[: half - 1, :-1] == 0).all()
    assert (shades[half + 2 :, :-1] == 255).all()
    checks = np.indices((2286, width)).sum(axis=0) % 2 == 0
    assert abs(int(np.median(picture(checks))) - 127) <= 1


def test_a_very_long_page_shows_its_top() -> None:
    page = np.zeros((25_000, 216), np.bool_)
    page[:100] = True
    shades = picture(page, 204, 98)
    assert shades.shape == (LONGEST, WIDTH)
    assert (shades[:50] == 0).all()


def test_a_grey_page() -> None:
    shades = picture(np.full((500, 301), 77, np.uint8))
    assert (shades == 77).all()


def test_the_first_readable_page_is_shown_and_a_negative_is_seen_as_it_is_printed() -> None:
    bad = coded("mmr_1728").with_(compression=7)
    negative = coded("mmr_1728").with_(photometric=1, dpi=(Fraction(204), Fraction(98)))
    with Image.open(io.BytesIO(convert_received(tiff_of(bad, negative), None).thumbnail)) as image:
        assert image.size == (WIDTH, round(90 / 98 * 204 / 1728 * WIDTH))
        assert np.asarray(image).mean() / 255 == pytest.approx(pixels(1728).mean(), abs=0.02)
