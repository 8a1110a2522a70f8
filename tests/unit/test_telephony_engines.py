"""From the variables of FreeSWITCH and Asterisk to a report, and the keys of uploads."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.base import IncomingKey, Name
from schemas.telephony import CallReport, TelephonyDialResult
from services.ingest.telephony.codes import CODE_OF_ERROR
from services.ingest.telephony.domain import ASTERISK, FREESWITCH, VERDICTS, Told, completed, merged, told_by
from services.ingest.telephony.upload_keys import upload_day, upload_key

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST = "ab" * 32

FREESWITCH_SENT = {
    "fax_success": "1",
    "fax_result_code": "0",
    "fax_result_text": "OK",
    "fax_ecm_used": "on",
    "fax_ecm_requested": "1",
    "fax_local_station_id": "SpanDSP Fax Ident",
    "fax_remote_station_id": "+1 202 555 0101",
    "fax_document_transferred_pages": "3",
    "fax_document_total_pages": "3",
    "fax_image_resolution": "8031x7700",
    "fax_image_size": "21604",
    "fax_bad_rows": "0",
    "fax_transfer_rate": "14400",
    "fax_v17_disabled": "0",
    "hangup_cause_q850": "16",
    "billsec": "67",
    "sip_call_id": "4f1c@10.0.0.1",
}
REPORT_SENT = CallReport(
    result_code=0,
    result_text="OK",
    hangup_cause=16,
    station_id="+1 202 555 0101",
    pages_transferred=3,
    bad_rows=0,
    ecm=True,
    bit_rate=14400,
    seconds=67.0,
)


def report(**variables: str) -> CallReport:
    told = told_by(variables)
    assert told is not None
    return told.report


def test_what_mod_spandsp_tells() -> None:
    assert told_by(FREESWITCH_SENT) == Told(REPORT_SENT, 3, ())


def test_as_the_event_socket_tells_it() -> None:
    raw = {f"variable_{name}": value.replace(" ", "%20") for name, value in FREESWITCH_SENT.items()}
    assert told_by(raw) == Told(REPORT_SENT, 3, ())


def test_numbers_may_be_numbers() -> None:
    told = told_by({"fax_result_code": 49, "fax_document_transferred_pages": 2})
    assert told is not None
    assert (told.report.result_code, told.report.pages_transferred) == (49, 2)


def test_a_busy_call_has_no_fax_variables() -> None:
    assert report(hangup_cause_q850="17", sip_term_status="486") == CallReport(hangup_cause=17, sip_status=486)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"FAXSTATUS": "SUCCESS", "FAXSTATUSSTRING": "OK", "FAXPAGES": "2"}, 0),
        ({"FAXSTATUS": "SUCCESS"}, 0),
        ({"FAXSTATUS": "FAILED", "FAXSTATUSSTRING": "The call dropped prematurely", "FAXERROR": "HANGUP"}, 49),
        ({"FAXSTATUS": "FAILURE", "FAXSTATUSSTRING": "Received no response to DCS or TCF"}, 20),
        ({"FAXSTATUS": "FAILED", "FAXSTATUSSTRING": "FAX_FAILURE_PARTIAL", "FAXERROR": "TIMEOUT"}, 3),
        ({"FAXSTATUS": "FAILED", "FAXERROR": "T38_NEG_ERROR"}, 6),
        ({"FAXSTATUS": "FAILED", "FAXERROR": "Channel problems"}, None),
        ({"FAXSTATUS": "FAILED", "FAXSTATUSSTRING": "OK"}, None),
        ({"fax_success": "1"}, 0),
        ({"fax_success": "0"}, None),
        ({"fax_success": "1", "fax_result_code": "49"}, 49),
    ],
)
def test_the_code_that_is_told_or_meant(variables: dict[str, str], code: int | None) -> None:
    assert report(**variables).result_code == code


def test_each_error_of_res_fax_has_a_code() -> None:
    told = "T38_NEG_ERROR TIMEOUT HANGUP INIT_ERROR FILE_ERROR INVALID_ARGUMENTS MEMORY_ERROR"
    assert CODE_OF_ERROR.keys() == set(told.split())


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"DIALSTATUS": "BUSY"}, 17),
        ({"DIALSTATUS": "NOANSWER", "HANGUPCAUSE": "0"}, 19),
        ({"DIALSTATUS": "CONGESTION", "HANGUPCAUSE": "38"}, 38),
        ({"DIALSTATUS": "CHANUNAVAIL"}, 20),
        ({"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "16"}, 16),
        ({"DIALSTATUS": "ANSWER"}, None),
    ],
)
def test_the_cause_that_is_told_or_meant(variables: dict[str, str], cause: int | None) -> None:
    assert report(**variables).hangup_cause == cause


def test_what_res_fax_tells() -> None:
    told = report(
        FAXSTATUS="SUCCESS", FAXPAGES="4", FAXBITRATE="9600", FAXRESOLUTION="204x196", REMOTESTATIONID="  WARD 3 "
    )
    assert told == CallReport(result_code=0, pages_transferred=4, bit_rate=9600, station_id="WARD 3")


def test_a_value_that_makes_no_sense_costs_nothing_else() -> None:
    told = told_by(
        {
            "fax_result_code": "49",
            "fax_ecm_used": "maybe",
            "fax_bad_rows": "-3",
            "hangup_cause_q850": "999",
            "fax_transfer_rate": "",
            "fax_remote_station_id": "   ",
        }
    )
    assert told is not None
    assert told.report == CallReport(result_code=49)
    assert told.unread == ("fax_ecm_used", "fax_bad_rows", "hangup_cause_q850")


def test_variables_of_no_fax_engine() -> None:
    assert told_by({"sip_call_id": "1", "fax_filename": "/tmp/1.tif"}) is None
    assert told_by({}) is None


KNOWN = sorted({*FREESWITCH, *ASTERISK, *VERDICTS})


@given(st.dictionaries(st.sampled_from([*KNOWN, "other"]), st.text(max_size=300) | st.integers(), min_size=1))
def test_any_values_make_a_report(variables: dict[str, str | int]) -> None:
    told = told_by(variables)
    assert told is None or CallReport.model_validate_json(told.report.model_dump_json()) == told.report


def test_what_both_tell_the_report_tells() -> None:
    told = Told(CallReport(result_code=49, pages_transferred=1), 5, ())
    assert merged(CallReport(result_code=0), told) == CallReport(result_code=0, pages_transferred=1)
    assert merged(CallReport(result_code=0), None) == CallReport(result_code=0)
    result = TelephonyDialResult(fax_id=uuid4(), attempt_id=uuid4(), outcome="ended", ended_at=NOW)
    assert (completed(result, told).pages_total, completed(result, told).call) == (5, told.report)
    assert completed(result.model_copy(update={"pages_total": 2}), told).pages_total == 2
    assert completed(result, None) == result


def test_the_key_of_an_upload() -> None:
    assert upload_key("fs-1", "4f1c@10.0.0.1", 0, NOW, DIGEST) == (
        "incoming/2026/11/24/fs-1/4f1c@10.0.0.1-0-abababababababab.tif"
    )
    east = datetime(2026, 11, 25, 1, tzinfo=UTC).astimezone()
    assert upload_key("fs-1", "x", 2, east, DIGEST) == "incoming/2026/11/25/fs-1/x-2-abababababababab.tif"


@pytest.mark.parametrize(
    "name", ["..", ".", "a/../b", "a//b", "é", "%2e%2e", "=2E", "x" * 128, "日" * 128, "a..b", "\\"]
)
def test_foreign_names_make_keys(name: str) -> None:
    key = upload_key(name, name, 0, NOW, DIGEST)
    assert TypeAdapter(IncomingKey).validate_python(key) == key
    assert key.count("/") == 5


@given(st.lists(st.text(min_size=1, max_size=128), min_size=2, max_size=2, unique=True))
def test_different_names_make_different_keys(names: list[str]) -> None:
    usable = [name for name in names if _is_name(name)]
    keys = {upload_key("fs-1", name, 0, NOW, DIGEST) for name in usable}
    assert len(keys) == len(usable)
    assert all(TypeAdapter(IncomingKey).validate_python(key) for key in keys)


def _is_name(text: str) -> bool:
    try:
        TypeAdapter(Name).validate_python(text)
        text.encode()
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("received", "day"),
    [
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
        (NOW - timedelta(days=13), NOW - timedelta(days=13)),
        (NOW - timedelta(days=14), NOW),
        (NOW + timedelta(hours=23), NOW + timedelta(hours=23)),
        (NOW + timedelta(days=2), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), NOW),
    ],
)
def test_an_upload_s_day_is_the_switch_s_unless_its_clock_is_wrong(received: datetime, day: datetime) -> None:
    assert upload_day(received, NOW) == day
