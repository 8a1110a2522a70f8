"""What we make is what a fax engine sends: read back by other programs, and carried by a real T.30 call."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deploy.local.telephony.t30 import Line, place_call
from services.ingest.documents.geometry import FINE, STANDARD
from tests.data.pages import FOLDER, pixels
from tests.data.submissions import encoded, photo, text_pdf
from tests.unit.submitted_pages import bitmaps, looks, sent


def submitted(y_dpi: int) -> bytes:
    """A fax of a cover page, a letter, a photo, and a fax in another resolution."""
    picture = encoded(np.asarray(Image.fromarray(photo(800, 600))), "JPEG")
    files = text_pdf(1), picture, (FOLDER / "two_resolutions.tif").read_bytes()
    return sent(*files, pages=looks(y_dpi, cover="Please find enclosed.")).fax


@pytest.mark.needs("libspandsp2")
@pytest.mark.parametrize(
    ("y_dpi", "line"), [(FINE, Line()), (STANDARD, Line(coding="1d", written="1d", ecm=False, modem="v29"))]
)
def test_a_call_carries_every_pixel(y_dpi: int, line: Line, tmp_path: Path) -> None:
    fax, received = tmp_path / "dialled.tif", tmp_path / "received.tif"
    fax.write_bytes(submitted(y_dpi))
    result = place_call(fax, received, line)
    assert (result.caller.code, result.callee.code) == (0, 0)
    arrived = [page == 0 if page.dtype != np.bool_ else ~page for page in pixels(received)]
    made = bitmaps(fax.read_bytes())
    assert result.pages_transferred == result.pages_total == len(made) == len(arrived)
    assert all(np.array_equal(*pair) for pair in zip(made, arrived, strict=True))


@pytest.mark.needs("libtiff-tools")
@pytest.mark.parametrize("y_dpi", [FINE, STANDARD])
def test_libtiffs_own_tools_read_it_without_a_word(y_dpi: int, tmp_path: Path) -> None:
    fax = tmp_path / "dialled.tif"
    fax.write_bytes(submitted(y_dpi))
    told = subprocess.run(["tiffinfo", "-D", str(fax)], check=True, capture_output=True, text=True)
    pages = len(bitmaps(fax.read_bytes()))
    assert told.stderr == ""
    assert told.stdout.count("Compression Scheme: CCITT Group 4") == pages
    assert told.stdout.count("Image Width: 1728") == pages
    assert [f"Page Number: {number}-{pages}" in told.stdout for number in range(pages)] == [True] * pages


@pytest.mark.needs("poppler-utils")
def test_poppler_shows_the_pages_that_are_dialled(tmp_path: Path) -> None:
    made = sent(text_pdf(2))
    (tmp_path / "fax.pdf").write_bytes(made.pdf)
    subprocess.run(["pdfimages", "-tiff", str(tmp_path / "fax.pdf"), str(tmp_path / "page")], check=True)
    shown = [np.asarray(Image.open(path).convert("L")) < 128 for path in sorted(tmp_path.glob("page-*.tif"))]
    assert all(np.array_equal(*pair) for pair in zip(shown, bitmaps(made.fax), strict=True))
