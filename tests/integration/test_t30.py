"""Real T.30 calls through libspandsp."""

import ctypes
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL.TiffImagePlugin import TiffImageFile

from deploy.local.telephony import spandsp, t30
from deploy.local.telephony.receive import receive
from deploy.local.telephony.t30 import CallFailedError, Hits, Line, call, place_call
from tests.data import pages, tiff
from tests.data.pages import pixels

pytestmark = pytest.mark.needs("libspandsp2")

MH = Line(coding="1d", written="1d", ecm=False)
OK, FAR_END_CANNOT, CALL_DROPPED = 0, 11, 49
FILL_ORDER, ROWS_PER_STRIP, DESCRIPTION = 266, 278, 270
LSB_TO_MSB, INFINITE = 2, 0xFFFFFFFF


def page_file(name: str) -> Path:
    return pages.FOLDER / name


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("itu1.tif", Line()),
        ("itu4.tif", Line(modem="v29")),
        ("standard.tif", MH),
        ("superfine.tif", Line(coding="2d", written="1d", ecm=False)),
        ("three_pages.tif", Line(coding="2d", written="t6")),
        ("two_resolutions.tif", Line()),
        ("b4.tif", Line()),
    ],
)
def test_clean_call_delivers_the_page_bit_for_bit(name: str, line: Line, tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    result = place_call(page_file(name), received, line)
    sent, arrived = pixels(page_file(name)), pixels(received)
    assert [page.shape for page in arrived] == [page.shape for page in sent]
    assert all(np.array_equal(*pair) for pair in zip(sent, arrived, strict=True))
    assert (result.caller.code, result.callee.code, result.callee.text) == (OK, OK, "OK")
    assert result.pages_transferred == result.pages_total == len(sent)
    assert (result.bad_rows, result.ecm_used) == (0, line.ecm)


def test_result_tells_who_called_how_fast_and_how_fine(tmp_path: Path) -> None:
    line = Line(modem="v29", caller="+1 555 0142", callee="+1 555 0143")
    result = place_call(page_file("short.tif"), tmp_path / "received.tif", line)
    assert (result.remote_station_id, result.caller.remote_station_id) == ("+1 555 0142", "+1 555 0143")
    assert (result.bit_rate, result.dpi) == (9600, (204, 98))
    assert [page.rows for page in result.callee.pages] == [300]
    assert 10 < result.line_seconds < 60


def test_received_file_is_what_telephony_hands_over(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    place_call(page_file("short.tif"), received, MH)
    page = next(tiff.directories(received.read_bytes())).fields
    assert (page[FILL_ORDER].value, page[ROWS_PER_STRIP].value) == (LSB_TO_MSB, INFINITE)
    with TiffImageFile(received) as fax:
        assert fax.tag_v2[DESCRIPTION] == MH.caller


def test_header_is_printed_above_the_page(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    place_call(page_file("itu1.tif"), received, Line(header="RIVERSIDE CLINIC"))
    (sent,), (arrived,) = pixels(page_file("itu1.tif")), pixels(received)
    header = len(arrived) - len(sent)
    assert header > 0
    assert np.array_equal(arrived[header:], sent)
    assert not arrived[:header].all()


def test_line_hits_cost_rows_though_the_call_ends_well(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    line = replace(MH, hits=Hits(start_s=8, every_s=1.5, length_ms=40))
    result = place_call(page_file("itu8.tif"), received, line)
    assert result.callee.code == OK
    assert result.bad_rows >= result.longest_bad_run > 0
    assert len(pixels(received)[0]) < len(pixels(page_file("itu8.tif"))[0])


def test_error_correction_repairs_line_hits(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    result = place_call(page_file("itu1.tif"), received, Line(hits=Hits(start_s=12, every_s=3.1, length_ms=40)))
    assert result.callee.pages[0].ecm_retries > 0
    assert np.array_equal(pixels(received)[0], pixels(page_file("itu1.tif"))[0])


def test_hanging_up_leaves_the_pages_that_were_through(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    result = place_call(page_file("three_pages.tif"), received, replace(MH, hang_up_after_s=50))
    assert (result.caller.code, result.callee.code) == (CALL_DROPPED, CALL_DROPPED)
    assert (result.pages_transferred, result.pages_total, len(pixels(received))) == (2, 3, 2)
    assert result.line_seconds == pytest.approx(50, abs=0.05)


def test_without_a_page_there_is_no_file(tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    received.write_bytes(b"of an earlier call")
    result = place_call(page_file("superfine.tif"), received, Line(resolution="fine"))
    assert (result.caller.code, result.pages_transferred) == (FAR_END_CANNOT, 0)
    assert not received.exists()


async def test_slow_call_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(CallFailedError, match="did not end"):
        await call(page_file("itu1.tif"), tmp_path / "received.tif", Line(), time_limit_s=0.001)


async def test_crash_costs_the_call_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nkill -SEGV $$\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    with pytest.raises(CallFailedError, match="SIGSEGV"):
        await call(page_file("itu1.tif"), tmp_path / "received.tif", Line())


async def test_receive_places_the_call_where_it_can() -> None:
    taken = await receive(page_file("short.tif"), Line())
    assert taken.real
    assert taken.file.startswith(b"II*\0")
    assert taken.result.pages_transferred == 1


def test_same_call_twice_is_the_same_call(tmp_path: Path) -> None:
    line = replace(MH, hits=Hits(start_s=8, every_s=1.5, length_ms=40))
    results = [place_call(page_file("itu8.tif"), tmp_path / f"{n}.tif", line) for n in range(2)]
    assert results[0] == results[1]


def test_command_line_prints_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["t30", str(page_file("short.tif")), str(tmp_path / "received.tif"), "--coding", "1d", "--no-ecm"]
    monkeypatch.setattr("sys.argv", arguments)
    t30.main()
    assert json.loads(capsys.readouterr().out)["pages_transferred"] == 1


def test_layout_is_that_of_the_header() -> None:
    # spandsp/t30.h 0.0.6: t30_stats_t is fifteen ints.
    assert ctypes.sizeof(spandsp.Statistics) == 15 * 4
