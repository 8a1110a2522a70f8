"""Pages as pictures: drawn from what nobody vouches for, in a process apart, once, and kept within bounds."""

import asyncio
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services._runtime.confined import JobFailed
from services._runtime.outcomes import DependencyAway
from services.ingest.documents.conversion import convert_received
from services.portal.faxes import pictures
from services.portal.faxes.drawing import NoSuchPage, draw
from services.portal.faxes.pictures import Latest, Pictures, drawing_pool
from tests.fakes import MemoryBlobs
from tests.unit.submitted_pages import sent

DATA = Path(__file__).parents[1] / "data"
TIFF = (DATA / "received" / "g3-1d_standard_3p.tif").read_bytes()
PDF = (DATA / "submitted" / "letter.pdf").read_bytes()
LOCKED = (DATA / "submitted" / "locked.pdf").read_bytes()


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png), formats=["PNG"])


@pytest.mark.parametrize("width", [1728, 216])
def test_a_page_keeps_its_proportions_whatever_its_resolution(width: int) -> None:
    """The rows of a standard fax are twice as far apart as its dots."""
    of_pdf = opened(draw(convert_received(TIFF, 3).pdf, "pdf", 2, width))
    of_tiff = opened(draw(TIFF, "tiff", 2, width))
    assert of_pdf.mode == of_tiff.mode == "L"
    assert of_pdf.width == of_tiff.width == width
    assert abs(of_pdf.height - of_tiff.height) <= 2
    assert 1.3 < of_tiff.height / width < 1.5


def test_the_same_page_is_drawn_of_what_is_dialled_and_of_its_pdf() -> None:
    made = sent(PDF)
    dialled, shown = (opened(draw(data, kind, 1, 216)) for data, kind in ((made.fax, "tiff"), (made.pdf, "pdf")))  # type: ignore[arg-type]
    pairs = zip(dialled.tobytes(), shown.resize(dialled.size).tobytes(), strict=True)
    assert sum(abs(one - other) for one, other in pairs) / (dialled.width * dialled.height) < 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", ["pdf", "tiff"])
@pytest.mark.parametrize(
    ("data", "number"),
    [(b"", 1), (b"%PDF-1.7 nothing", 1), (TIFF[:200], 1), (PDF[:300], 1), (LOCKED, 1), (PDF, 0), (TIFF, 4), (PDF, 351)],
)
def test_what_can_not_be_drawn_is_no_page(data: bytes, number: int, kind: Any) -> None:
    with pytest.raises(NoSuchPage):
        draw(data, kind, number, 216)


def test_a_page_without_end_is_cut() -> None:
    strip = BytesIO()
    Image.new("1", (432, 9_000), 1).save(strip, "TIFF", compression="group4", dpi=(51, 98))
    assert opened(draw(strip.getvalue(), "tiff", 1, 216)).size == (216, 2160)


def test_the_latest_are_kept_and_no_more_than_fit() -> None:
    kept = Latest(10)
    for key in "abc":
        kept.put(key, key.encode() * 4)
    assert [kept.get(key) for key in "abc"] == [None, b"bbbb", b"cccc"]
    kept.get("b")
    kept.put("d", b"dddd")
    assert [kept.get(key) for key in "bcd"] == [b"bbbb", None, b"dddd"]
    kept.put("b", b"too large for all")
    assert [kept.get(key) for key in "bd"] == [None, b"dddd"]


class Drawing:
    """Draws nothing, and counts; waits while it is `held`."""

    def __init__(self) -> None:
        self.drawn: list[Any] = []
        self.held = asyncio.Event()
        self.held.set()
        self.fails: Exception | None = None

    async def run(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        await self.held.wait()
        self.drawn.append((job, args, kwargs))
        if self.fails:
            raise self.fails
        return b"a picture"


class Counting(MemoryBlobs):
    fetched = 0

    async def get(self, key: str) -> bytes | None:
        self.fetched += 1
        return await super().get(key)


async def test_a_page_is_drawn_once_and_its_document_fetched_once() -> None:
    blobs, drawing = Counting({"a.pdf": b"%PDF"}), Drawing()
    made = Pictures(blobs, drawing)
    assert await asyncio.gather(*(made.page("a.pdf", 1, 216) for _ in range(5))) == [b"a picture"] * 5
    await made.page("a.pdf", 1, 216)
    await made.page("a.pdf", 2, 216)
    assert (blobs.fetched, len(drawing.drawn)) == (1, 2)


async def test_who_leaves_takes_the_page_from_nobody() -> None:
    drawing = Drawing()
    made = Pictures(MemoryBlobs({"a.pdf": b"%PDF"}), drawing)
    drawing.held.clear()
    leaves, stays = (asyncio.create_task(made.page("a.pdf", 1, 216)) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    drawing.held.set()
    assert await stays == b"a picture"


async def test_what_fails_is_no_page_and_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = Drawing()
    made = Pictures(MemoryBlobs({"a.pdf": b"%PDF", "large.pdf": b"%PDF-"}), drawing)
    drawing.fails = JobFailed("timeout")
    with pytest.raises(NoSuchPage):
        await made.page("a.pdf", 1, 216)
    drawing.fails = None
    assert await made.page("a.pdf", 1, 216) == b"a picture"
    with pytest.raises(NoSuchPage):
        await made.page("gone.pdf", 1, 216)
    monkeypatch.setattr(pictures, "LARGEST", 4)
    with pytest.raises(NoSuchPage):
        await made.page("large.pdf", 1, 216)


async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WAITING", 3)
    drawing = Drawing()
    made = Pictures(MemoryBlobs({"a.pdf": b"%PDF"}), drawing)
    await made.page("a.pdf", 9, 216)
    drawing.held.clear()
    waiting = [asyncio.create_task(made.page("a.pdf", number, 216)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(DependencyAway):
        await made.page("a.pdf", 4, 216)
    drawing.held.set()
    assert await asyncio.gather(*waiting) == [b"a picture"] * 3


async def test_pages_are_drawn_in_a_process_that_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drawing_pool() as pool:
        assert await pool.run(os.getpid) != os.getpid()
        made = Pictures(MemoryBlobs({"a.pdf": PDF, "b.tif": TIFF, "c.pdf": b"%PDF-"}), pool)
        for key in ("a.pdf", "b.tif"):
            assert opened(await made.page(key, 1, 216)).width == 216
        monkeypatch.setattr(pictures, "draw", _dies)
        with pytest.raises(NoSuchPage):
            await made.page("a.pdf", 2, 216)
        monkeypatch.setattr(pictures, "draw", draw)
        with pytest.raises(NoSuchPage):
            await made.page("c.pdf", 1, 216)
        assert opened(await made.page("b.tif", 3, 216)).width == 216


def _dies(*_: object) -> bytes:
    os.abort()
