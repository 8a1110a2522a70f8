"""Submitted documents → fax pages, next to pdfium's rendering alone, and to the bytes of Ghostscript's tiffg4.

python -m tests.bench submitted
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pypdfium2
from pypdfium2 import raw

from services._runtime.confined.confinement import keep_freed_memory
from services.ingest.documents.geometry import FINE, STANDARD, WIDTH
from services.ingest.documents.heading import Heading
from services.ingest.documents.sending import Pages, Sent, SentFile, convert_submitted
from services.ingest.documents.sheet import Setup
from tests.data.submissions import photo_pdf, text_pdf

ROUNDS = 9
PAGES = 20
ROWS = 2156
"""Of a Letter page at 196 rows an inch, fitted to 1728 pixels across."""
TEXT_BOUND = 2.5
PHOTO_BOUND = 1.4
BYTES_BOUND = 0.8


def measurements() -> Iterator[dict[str, object]]:
    """Medians of whole conversion and bare rendering taken in turn; times in milliseconds a page."""
    keep_freed_memory()  # as every worker does
    photos = photo_pdf(PAGES)
    yield _conversion("text page", text_pdf(PAGES), FINE, TEXT_BOUND)
    yield _conversion("photo page", photos, FINE, PHOTO_BOUND)
    yield _conversion("text page, standard resolution", text_pdf(PAGES), STANDARD, None)
    if shutil.which("gs") is None:
        yield {
            "name": "photo page's bytes",
            "skipped": "no Ghostscript. As root: apt-get install ghostscript",
            "ok": True,
        }
        return
    yield _bytes(photos)


def _conversion(name: str, data: bytes, y_dpi: int, bound: float | None) -> dict[str, object]:
    ours, floor = _in_turn(partial(_converted, data, y_dpi), partial(_rendered, data, y_dpi))
    return _line(f"{name} to fax, ms", ours, "ms", "pdfium's rendering alone", floor, bound)


def _bytes(photos: bytes) -> dict[str, object]:
    ours = len(_converted(photos, FINE).fax) / PAGES / 1000
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "photos.pdf", Path(folder) / "photos.tif"
        source.write_bytes(photos)
        size = ["-r204x196", "-g1728x2156", "-dFitPage"]
        options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4", *size, f"-sOutputFile={target}"]
        subprocess.run(["gs", *options, str(source)], check=True, capture_output=True)
        theirs = target.stat().st_size / PAGES / 1000
    return _line("photo page's bytes", ours, "kB", "Ghostscript tiffg4", theirs, BYTES_BOUND)


def _converted(data: bytes, y_dpi: int) -> Sent:
    at = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    heading = Heading("Riverside Clinic", "+13125550100", "+13125553260", at, "America/Chicago")
    sent = convert_submitted([SentFile("application/pdf", data)], Pages(Setup("letter", y_dpi), heading))
    assert isinstance(sent, Sent)
    return sent


def _rendered(data: bytes, y_dpi: int) -> None:
    """Render every page in grey into the same number of pixels, and do nothing with it."""
    document = pypdfium2.PdfDocument(data)
    rows = ROWS * y_dpi // FINE
    for page in document:
        pixels = np.empty((rows, WIDTH), np.uint8)
        bitmap = raw.FPDFBitmap_CreateEx(WIDTH, rows, raw.FPDFBitmap_Gray, pixels.ctypes.data, WIDTH)
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, WIDTH, rows, 0xFFFFFFFF)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, WIDTH, rows, 0, raw.FPDF_ANNOT | raw.FPDF_GRAYSCALE)
        raw.FPDFBitmap_Destroy(bitmap)
        page.close()
    document.close()


def _in_turn(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    ones, others = [], []
    one()
    other()
    for _ in range(ROUNDS):
        ones.append(_milliseconds_a_page(one))
        others.append(_milliseconds_a_page(other))
    return median(ones), median(others)


def _milliseconds_a_page(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000 / PAGES


def _line(
    name: str, value: float, unit: str, reference: str, reference_value: float, bound: float | None
) -> dict[str, object]:
    ratio = value / reference_value
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value, 3),
        "ratio": round(ratio, 3),
        "bound": bound,
        "ok": bound is None or ratio <= bound,
    }


if __name__ == "__main__":
    for line in measurements():
        sys.stdout.write(json.dumps(line) + "\n")
