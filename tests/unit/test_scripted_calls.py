"""Stored calls, and the choice between them and real ones. No libspandsp."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deploy.local.checker.bitmaps import tiff_pages
from deploy.local.checker.sent import same_pages
from deploy.local.telephony import placing, spandsp, t30
from deploy.local.telephony.line import Hits, Line
from deploy.local.telephony.receive import receive
from deploy.local.telephony.scripted import SHELF, NotRecordedError, nearest_call, stored_calls
from tests.data import hostile, pages
from tests.data.pages import pixels

EXPECTED: dict[str, dict[str, Any]] = json.loads((SHELF / "expected.json").read_text())
MH = Line(coding="1d", written="1d", ecm=False)


@pytest.fixture
def no_spandsp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spandsp, "SONAME", "libspandsp-that-is-nowhere.so.2")


async def test_without_spandsp_a_stored_call_is_handed_over(no_spandsp: None) -> None:
    taken = await receive(pages.FOLDER / "itu1.tif", MH)
    assert not taken.real
    assert taken.file == (SHELF / "received" / "g3-1d_fine_1p.tif").read_bytes()
    assert taken.result.pages_transferred == taken.result.pages_total == 1


async def test_without_spandsp_a_page_never_sent_is_refused(no_spandsp: None, tmp_path: Path) -> None:
    with pytest.raises(NotRecordedError, match=r"unknown\.tif"):
        await receive(tmp_path / "unknown.tif", MH)


async def test_without_spandsp_a_real_call_names_the_package(no_spandsp: None, tmp_path: Path) -> None:
    with pytest.raises(spandsp.SpandspMissingError) as refused:
        await t30.call(pages.FOLDER / "itu1.tif", tmp_path / "received.tif", MH)
    assert "apt-get install -y libspandsp2" in refused.value.cure


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        (Line(), "g4_standard_3p_ecm.tif"),
        (replace(Line(), hang_up_after_s=99), "g4_standard_3p_hangup_ecm.tif"),
        (replace(MH, hang_up_after_s=3), "g3-1d_standard_3p_hangup.tif"),
        (replace(MH, hits=Hits(1, 2, 3)), "g3-2d_standard_3p_linehits.tif"),
    ],
)
def test_nearest_call_has_the_same_mishap(line: Line, stored: str) -> None:
    assert nearest_call(pages.FOLDER / "three_pages.tif", line).received_file.name == stored


def test_stored_calls_round_trip() -> None:
    for call in stored_calls():
        entry = EXPECTED[f"received/{call.received_file.name}"]["call"]
        assert json.loads(json.dumps(asdict(call.result))) == entry["result"]
        assert json.loads(json.dumps(asdict(call.line))) == entry["line"]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("received/")])
def test_clean_stored_file_shows_the_page_that_was_sent(name: str) -> None:
    entry = EXPECTED[name]
    sent, arrived = pixels(pages.FOLDER / entry["call"]["page"]), pixels(SHELF / name)
    assert [len(page) for page in arrived] == entry["rows"]
    assert len(sent) == entry["announced_pages"]
    same = len(sent) == len(arrived) and all(np.array_equal(*pair) for pair in zip(sent, arrived, strict=True))
    assert same == (entry["end"] == "delivered")


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("rewritten/")])
def test_rewritten_file_shows_the_same_pages(name: str) -> None:
    source, target = pixels(SHELF / EXPECTED[name]["made_of"]), pixels(SHELF / name)
    assert all(np.array_equal(*pair) for pair in zip(source, target, strict=True))


@pytest.mark.parametrize("name", hostile.STORED)
def test_hostile_file_is_made_of_the_same_octets(name: str) -> None:
    make, end, _ = hostile.STORED[name]
    sound = (SHELF / "received" / "g3-1d_short_1p.tif").read_bytes()
    assert (SHELF / "hostile" / name).read_bytes() == make(sound)
    assert EXPECTED[f"hostile/{name}"]["end"] == end


def test_cuts_leave_the_pages_before_them() -> None:
    sound = (SHELF / "received" / "g4_standard_3p_ecm.tif").read_bytes()
    assert [hostile.whole_pages(sound, percent) for percent in hostile.PERCENTAGES] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_many_pages_are_sound(tmp_path: Path) -> None:
    (tmp_path / "fax.tif").write_bytes(hostile.many_pages(351))
    found = pixels(tmp_path / "fax.tif")
    assert len(found) == 351
    assert all(page.shape == (16, 1728) and page.all() for page in found)


@pytest.mark.parametrize("text", ["x" * 21, "+1 555 0100 é"])
def test_identification_must_fit(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        Line(caller=text)


def test_a_far_end_of_a_script_keeps_each_page_as_it_is_on_paper(tmp_path: Path) -> None:
    sent, taken = tmp_path / "sent.tif", tmp_path / "taken.tif"
    fine, standard, superfine = (Image.new("1", (1728, rows), 1) for rows in (2292, 1146, 4584))
    for image, down in ((fine, 196), (standard, 98), (superfine, 391)):
        image.encoderinfo = {"dpi": (204, down), "compression": "group4"}
    fine.save(sent, "TIFF", save_all=True, append_images=[standard, superfine], **fine.encoderinfo)
    placing._copy_pages(sent, taken, 1, 3)
    assert same_pages(taken.read_bytes(), sent.read_bytes())
    placing._copy_pages(sent, taken, 2, 1)
    (page,) = tiff_pages(taken.read_bytes())
    assert page.same_as(tiff_pages(sent.read_bytes())[1])
