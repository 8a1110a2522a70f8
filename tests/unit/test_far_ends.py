"""Who answers at which number, what is told of it by the script, and the document that lists it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import phonenumbers
import pytest

from deploy.local.telephony import ends
from deploy.local.telephony.far_ends import FAR_ENDS, FAX_MACHINE, Machine, NoCall, far_end
from deploy.local.telephony.line import Line
from deploy.local.telephony.placing import Lines, line_to
from schemas.base import StoredObject
from schemas.telephony import DialMode, DialRequested
from tests.data import pages
from tests.data.pages import pixels

DOCUMENT = Path(__file__).parents[2] / "docs" / "telephony-simulator.md"
ROW = re.compile(r"^\| \+1 (\d{3}) (\d{3}) (\d{4}) \| (.*?) \|", re.MULTILINE)


def request(destination: str, *, pages: int = 3, first_page: int = 1, mode: DialMode | None = None) -> DialRequested:
    return DialRequested(
        fax_id=uuid4(),
        version=4,
        attempt_id=uuid4(),
        attempt=1,
        destination=destination,
        caller_number="+12025550112",
        document=StoredObject(key="fax/dialled.tif", size=1, media_type="image/tiff"),
        pages=pages,
        first_page=first_page,
        mode=mode or DialMode(),
        not_after=datetime.now(UTC) + timedelta(minutes=1),
        longest_call_seconds=600,
    )


def test_the_table_is_of_numbers_nobody_has_and_is_what_the_document_lists() -> None:
    assert all(re.fullmatch(r"\+120255501[0-9]{2}", number) for number in FAR_ENDS)
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in FAR_ENDS)
    listed = {f"+1{''.join(number)}": what for *number, what in ROW.findall(DOCUMENT.read_text())}
    assert listed == {number: far.what for number, far in FAR_ENDS.items()}


def test_any_other_number_is_a_fax_machine() -> None:
    assert far_end("+442079460000") is FAX_MACHINE
    assert far_end("+442079460000").call(7) == Machine()


@pytest.mark.parametrize(
    ("number", "causes"),
    [
        ("+12025550160", [17, 17, 17, 17]),
        ("+12025550161", [19, 19, 19, 19]),
        ("+12025550162", [1, 1, 1, 1]),
        ("+12025550163", [21, 21, 21, 21]),
        ("+12025550164", [34, 34, 34, 34]),
        ("+12025550184", [17, 17, None, None]),
        ("+12025550185", [19, None, None, None]),
    ],
)
def test_the_network_s_causes_by_call(number: str, causes: list[int | None]) -> None:
    answers = [far_end(number).call(call) for call in (1, 2, 3, 9)]
    assert [one.cause if isinstance(one, NoCall) else None for one in answers] == causes


@pytest.mark.parametrize(
    ("number", "mode", "code", "sent"),
    [
        ("+12025550100", DialMode(), 0, 3),
        ("+12025550165", DialMode(), 2, 0),
        ("+12025550166", DialMode(), 49, 0),
        ("+12025550167", DialMode(), 49, 1),
        ("+12025550168", DialMode(), 49, 2),
        ("+12025550170", DialMode(), 0, 3),
        ("+12025550171", DialMode(), 0, 3),
        ("+12025550172", DialMode(), 14, 0),
        ("+12025550173", DialMode(), 14, 0),
        ("+12025550173", DialMode(v17=False), 0, 3),
        ("+12025550173", DialMode(max_bit_rate=9600), 0, 3),
        ("+12025550174", DialMode(), 11, 0),
        ("+12025550174", DialMode(resolution="standard"), 0, 3),
        ("+12025550175", DialMode(), 0, 3),
    ],
)
async def test_ends_by_the_script(number: str, mode: DialMode, code: int, sent: int, tmp_path: Path) -> None:
    document = (pages.FOLDER / "three_pages.tif").read_bytes()
    ended = await Lines(tmp_path, scripted=True).call(request(number, mode=mode), document, number=1, engaged=False)
    assert (ended.report.result_code, ended.report.pages_transferred, ended.pages_total) == (code, sent, 3)
    assert ended.line_seconds > 0
    assert bool(ended.received) == bool(sent)
    if sent:
        (tmp_path / "received.tif").write_bytes(ended.received)
        arrived, wanted = pixels(tmp_path / "received.tif"), pixels(pages.FOLDER / "three_pages.tif")[:sent]
        assert [page.tolist() for page in arrived] == [page.tolist() for page in wanted]


async def test_an_engaged_destination_is_busy(tmp_path: Path) -> None:
    ended = await Lines(tmp_path).call(request("+12025550100"), b"", number=1, engaged=True)
    assert (ended.report.hangup_cause, ended.report.result_code) == (17, None)


async def test_pages_from_the_middle_by_the_script(tmp_path: Path) -> None:
    document = (pages.FOLDER / "three_pages.tif").read_bytes()
    asked = request("+12025550100", first_page=3)
    ended = await Lines(tmp_path, scripted=True).call(asked, document, number=1, engaged=False)
    assert (ended.report.pages_transferred, ended.pages_total) == (1, 3)


@pytest.mark.parametrize(
    ("mode", "modem", "ecm"),
    [
        (DialMode(), "v17", True),
        (DialMode(v17=False), "v29", True),
        (DialMode(ecm=False, max_bit_rate=9600), "v29", False),
        (DialMode(v17=False, max_bit_rate=4800), "v27", True),
        (DialMode(max_bit_rate=4800), "v27", True),
    ],
)
def test_the_mode_of_a_request_on_the_line(mode: DialMode, modem: str, *, ecm: bool) -> None:
    line = line_to(request("+12025550100", mode=mode), Machine())
    assert (line.modem, line.ecm, line.hang_up_after_s) == (modem, ecm, 600)
    assert (line.caller, line.callee) == ("+12025550112", "+12025550100")


def test_a_machine_limits_the_mode() -> None:
    line = line_to(request("+12025550175"), Machine(coding="1d", ecm=False, modem="v27"))
    assert line == Line(
        coding="1d", written="1d", ecm=False, modem="v27", hang_up_after_s=600, caller=line.caller, callee=line.callee
    )


def test_a_call_of_which_nothing_is_known_claims_nothing() -> None:
    result = ends.unknown(request("+12025550100"), "telephony stopped", datetime.now(UTC))
    assert result.outcome == "ended"
    assert (result.call.result_code, result.call.pages_transferred, result.pages_total) == (None, None, None)
