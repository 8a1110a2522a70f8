"""Received faxes → PDF, next to a plain copy of the file, to tiffcp, and to the same work without the guard.

python tests/bench/bench_documents.py
"""

import asyncio
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from services._runtime.confined.confinement import keep_freed_memory
from services.ingest.documents.conversion import Converted, convert_received
from services.ingest.documents.libtiff import decode_strips, encode_g4
from services.ingest.documents.page import page_of
from services.ingest.documents.pdf import CodedPage, coded_page, write_pdf
from services.ingest.documents.pool import DocumentPool
from services.ingest.documents.tiff import read_directories

PAGES = Path(__file__).parents[1] / "data" / "pages"
RECEIVED = PAGES.parent / "received"
CHARTS = ["itu1", "itu4"] * 3 + ["itu8"] * 4
"""Ten pages, 40 kB each on average as G4: letters, dense text, large black areas (ITU-T test charts 1, 4 and 8)."""
ROUNDS = 15
_R = TypeVar("_R")
PDF_BOUND = 3.5
TRANSCODE_BOUND = 1.3
GUARD_BOUND_MS = 0.5
FAXRCVD_CPU_MS = 86.0
"""What HylaFAX 6.0.7 takes to make a received fax a mail, of 1 page or 3; not measured here, so it bounds nothing."""


def measurements() -> Iterator[dict[str, object]]:
    """Medians of work and reference taken in turn; times in milliseconds of wall clock."""
    keep_freed_memory()  # as every worker does
    with tempfile.TemporaryDirectory() as folder:
        yield from _passthrough(Path(folder))
        yield _transcoding(Path(folder))
    yield from map(
        _cpu, ("g3-1d_standard_1p", "g3-1d_fine_1p", "g3-2d_fine_1p", "g3-1d_standard_3p", "g4_standard_3p_ecm")
    )
    yield from asyncio.run(_guard())


def _passthrough(folder: Path) -> Iterator[dict[str, object]]:
    for name, options in (
        ("G4", ["-c", "g4"]),
        ("G4, FillOrder 2", ["-c", "g4", "-f", "lsb2msb"]),
        ("G3 2D, FillOrder 2", ["-c", "g3:2d:fill", "-f", "lsb2msb"]),
    ):
        fax = _fax(folder / "fax.tif", *options, "-r", "100000")
        ours, copied = _in_turn(partial(_to_pdf, fax, folder / "fax.pdf"), partial(_copy, fax, folder / "copy.tif"))
        yield _line(f"10 page {name} to PDF, passed through", ours, "a plain copy", copied, PDF_BOUND)


def _transcoding(folder: Path) -> dict[str, object]:
    fax = _fax(folder / "strips.tif", "-c", "g3:1d", "-r", "100")
    anew = ["tiffcp", "-c", "g4", "-r", "100000", str(fax), str(folder / "anew.tif")]
    ours, theirs = _in_turn(
        lambda: _to_pdf(fax, folder / "anew.pdf"), lambda: subprocess.run(anew, check=True, capture_output=True)
    )
    return _line("10 page G3 1D in strips to PDF, coded anew", ours, "tiffcp -c g4", theirs, TRANSCODE_BOUND)


def _cpu(name: str) -> dict[str, object]:
    """Take the CPU time of everything a clean fax gets: rows checked, PDF, picture."""
    data = (RECEIVED / f"{name}.tif").read_bytes()
    spent = []
    for _ in range(2 * ROUNDS):
        started = time.process_time()
        convert_received(data, None)
        spent.append((time.process_time() - started) * 1000)
    return _line(f"CPU to convert {name}", median(spent), "HylaFAX's faxrcvd, measured elsewhere", FAXRCVD_CPU_MS, None)


async def _guard() -> list[dict[str, object]]:
    async with DocumentPool(workers=1) as pool:
        return [line for name in ("g3-1d_standard_1p", "g4_standard_3p_ecm") for line in await _guarded(pool, name)]


async def _guarded(pool: DocumentPool, name: str) -> list[dict[str, object]]:
    """Time a warm worker that takes a fax and gives back its documents: without work, and converting.

    Without work the figure is what hand-over and guard cost. While a worker converts, this process's threads fall
    asleep; the second figure has their waking up in it, which on an idle virtual machine is most of it.
    """
    data = (RECEIVED / f"{name}.tif").read_bytes()
    size = len(pickle.dumps(convert_received(data, None)))
    for _ in range(ROUNDS):
        await pool.run(timed_conversion, data)
    handed = [(await _timed_call(pool, handed_over, data, size))[0] for _ in range(4 * ROUNDS)]
    calls = [await _timed_call(pool, timed_conversion, data) for _ in range(4 * ROUNDS)]
    inside = median(seconds for _, (_, seconds) in calls) * 1000
    around = median(wall - seconds * 1000 for wall, (_, seconds) in calls)
    bound = {"bound": GUARD_BOUND_MS, "ok": median(handed) <= GUARD_BOUND_MS}
    return [
        _line(f"guard: hand over {name}, take its documents", median(handed), "the conversion", inside, None) | bound,
        _line(f"guard: all time around the conversion of {name}", around, "the conversion", inside, None),
    ]


async def _timed_call(pool: DocumentPool, job: Callable[..., _R], *args: object) -> tuple[float, _R]:
    started = time.perf_counter()
    result = await pool.run(job, *args)
    return (time.perf_counter() - started) * 1000, result


def handed_over(_: bytes, size: int) -> bytes:
    """Give back as much as a conversion does, without converting."""
    return bytes(size)


def timed_conversion(data: bytes) -> tuple[Converted, float]:
    """Convert in the worker, and say how many seconds that took."""
    started = time.perf_counter()
    return convert_received(data, None), time.perf_counter() - started


def _fax(target: Path, *options: str) -> Path:
    charts = [str(PAGES / f"{chart}.tif") for chart in CHARTS]
    subprocess.run(["tiffcp", *options, *charts, str(target)], check=True, capture_output=True)
    return target


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def _to_pdf(source: Path, target: Path) -> None:
    """Make the PDF alone, without checking rows: pages in one strip are passed through, others coded anew."""
    data = source.read_bytes()
    coded = []
    for directory in read_directories(data).found:
        page = page_of(directory, data)
        if len(page.bands) == 1:
            coded.append(coded_page(page))
            continue
        decoded = decode_strips(page.strips, page.rows, page.bands[0].rows, page.coding)
        assert decoded is not None
        strip = encode_g4(decoded.pixels)
        coded.append(CodedPage(page.width, page.rows, page.x_dpi, page.y_dpi, -1, set_is_black=True, data=strip))
    target.write_bytes(write_pdf(coded))


def _in_turn(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    ones, others = [], []
    one()
    other()
    for _ in range(ROUNDS):
        ones.append(_milliseconds(one))
        others.append(_milliseconds(other))
    return median(ones), median(others)


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _line(name: str, value: float, reference: str, reference_value: float, bound: float | None) -> dict[str, object]:
    ratio = value / reference_value
    return {
        "name": name,
        "value": round(value, 3),
        "unit": "ms",
        "reference": reference,
        "reference_value": round(reference_value, 3),
        "ratio": round(ratio, 3),
        "bound": bound,
        "ok": bound is None or ratio <= bound,
    }


if __name__ == "__main__":
    for line in measurements():
        sys.stdout.write(json.dumps(line) + "\n")
