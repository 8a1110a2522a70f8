"""What became of a call: every code, and reports that contradict themselves."""

from pathlib import Path
from typing import Any

import pytest

from schemas.telephony import CallReport
from services._runtime.reasons import reason
from services.dialer import codes
from services.dialer.codes import Class
from services.dialer.verdict import Delivered, NotDelivered, NotStarted, Unclear, verdict
from tests.unit.dialer_table import ladder, table
from tests.unit.dialled import PAGES, result, to_dial

FAX = to_dial()
DOCS = Path(__file__).parents[2] / "docs" / "dialer.md"


def of(pages_total: int | None = None, asked: int = PAGES, **call: Any) -> Any:
    return verdict(result(FAX, pages_total=pages_total, **call), asked, PAGES)


def cls(**call: Any) -> Class:
    found = of(**call)
    assert isinstance(found, NotDelivered), found
    return found.cls


@pytest.mark.parametrize(("cause", "expected"), codes.Q850_UNANSWERED.items())
def test_causes_of_calls_that_nobody_answered(cause: int, expected: Class) -> None:
    assert cls(hangup_cause=cause) is expected
    assert cls(hangup_cause=cause, result_code=2, pages_transferred=0) is expected, "a T.30 timeout isn't busy"
    assert cls(hangup_cause=cause, result_code=49, pages_transferred=1) is codes.LINE, "pages went: it was answered"


@pytest.mark.parametrize(("cause", "expected"), codes.Q850_ANY_TIME.items())
def test_causes_that_also_end_answered_calls_tell_nothing_alone(cause: int, expected: Class) -> None:
    assert cls(hangup_cause=cause, pages_transferred=0) is expected
    assert of(hangup_cause=cause) == Unclear()


@pytest.mark.parametrize(("status", "expected"), codes.SIP.items())
def test_sip(status: int, expected: Class) -> None:
    assert cls(sip_status=status) is expected


def test_a_cause_outranks_the_sip_status_that_was_made_of_it() -> None:
    assert cls(hangup_cause=17, sip_status=480) is codes.BUSY
    assert cls(sip_status=500) is codes.CONGESTION


@pytest.mark.parametrize(("code", "expected"), codes.T30.items())
def test_spandsp(code: int, expected: Class) -> None:
    assert cls(result_code=code, hangup_cause=16, sip_status=200, pages_transferred=0) is expected
    assert cls(result_code=code) is expected


def test_facts_of_the_field() -> None:
    assert cls(result_code=2).failure == cls(result_code=3).failure == "no-fax-machine"
    assert {cls(result_code=one).retry for one in (2, 3, 5, 6, *range(13, 23), 48, 49)} == {"protocol"}
    assert {cls(result_code=one).retry for one in (11, 12)} == {"render"}
    assert {cls(result_code=one).retry for one in (8, 9, *range(41, 47), *range(51, 62))} == {"never"}
    assert cls(result_code=99) is codes.LINE


@pytest.mark.parametrize(("word", "expected"), codes.ASTERISK.items())
def test_asterisk(word: str, expected: Class) -> None:
    assert cls(result_text=word, pages_transferred=0) is expected


@pytest.mark.parametrize("code", [None, 0, 13, 49])
def test_delivered_is_every_page_whatever_the_code(code: int | None) -> None:
    assert of(result_code=code, pages_transferred=PAGES) == Delivered()


def test_ok_with_fewer_pages_is_not_delivered() -> None:
    assert of(result_code=0, pages_transferred=PAGES - 1) == NotDelivered(codes.LINE, PAGES - 1)
    assert of(result_code=0, pages_transferred=0) == NotDelivered(codes.LINE, 0)


def test_a_file_of_another_length_was_not_the_fax() -> None:
    assert of(pages_total=1, result_code=0, pages_transferred=PAGES) == NotDelivered(codes.LINE, 0)
    assert of(pages_total=1, result_code=0, pages_transferred=1) == NotDelivered(codes.LINE, 0)


def test_the_rest_of_a_fax() -> None:
    for total in (None, 1, PAGES):
        assert of(pages_total=total, asked=1, result_code=0, pages_transferred=1) == Delivered()


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"result_code": 0},
        {"result_code": 0, "hangup_cause": 19},  # it was content, so somebody had answered
        {"result_code": 0, "sip_status": 487},
        {"result_code": 0, "pages_transferred": 2**32 - 1},  # a switch's -1
        {"hangup_cause": 16, "sip_status": 200},
        {"result_text": "SUCCESS"},
    ],
)
def test_a_report_that_tells_no_pages_is_unclear(call: dict[str, Any]) -> None:
    assert of(**call) == Unclear()


def test_not_started() -> None:
    assert verdict(result(FAX, outcome="not-started"), PAGES, PAGES) == NotStarted()


def test_everybody_can_read_why() -> None:
    classes = {one for one in vars(codes).values() if isinstance(one, Class)}
    assert len(classes) > 8
    assert all(reason(one.failure) for one in classes)


def test_reports_of_any_numbers_have_a_verdict() -> None:
    for code in (None, *range(-1, 70)):
        for cause in (None, *range(128)):
            found = verdict(result(FAX, **CallReport(result_code=code, hangup_cause=cause).model_dump()), 3, 3)
            assert not isinstance(found, Delivered)


def test_the_table_in_the_docs() -> None:
    assert table() in DOCS.read_text(), "python -m tests.unit.dialer_table makes it"
    assert ladder() in DOCS.read_text(), "python -m tests.unit.dialer_table makes it"
