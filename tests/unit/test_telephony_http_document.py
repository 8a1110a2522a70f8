"""What docs/telephony-http.md shows is what is taken, and its tables are those of the code."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.telephony import CallReport, TelephonyDialResult, TelephonyFaxReceived
from services.ingest.telephony.codes import CAUSE_OF_DIALSTATUS, CODE_OF_ERROR
from services.ingest.telephony.domain import ASTERISK, FREESWITCH, VERDICTS
from services.ingest.telephony.requests import ByUrl
from services.ingest.telephony.settings import TelephonySettings
from tests.unit.telephony_world import World

PAGE = (Path(__file__).parents[2] / "docs" / "telephony-http.md").read_text()


def example(name: str) -> dict[str, Any]:
    found = re.search(rf"^```json {name}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


async def test_the_examples_are_taken() -> None:
    world = World()
    assert (await world.upload(**example("received"))).status_code == 202
    for name in ("result", "freeswitch"):
        assert (await world.post("/v1/telephony/results", example(name))).status_code == 202
    received, result, freeswitch = world.published.events
    assert isinstance(received, TelephonyFaxReceived)
    assert received.call.seconds == 67.5
    assert isinstance(result, TelephonyDialResult)
    assert result.call.pages_transferred == result.pages_total == 3
    assert isinstance(freeswitch, TelephonyDialResult)
    assert freeswitch.call == CallReport(result_code=49, pages_transferred=1, hangup_cause=16)
    assert ByUrl.model_validate_json(json.dumps(example("by-url"))).url == "https://pbx.example/faxes/1.tif"


def test_the_table_of_variables() -> None:
    shown = re.findall(r"^\| (?:`(\w+)`)? ?\| (?:`(\w+)`)? ?\| `(\w+)`", PAGE, re.MULTILINE)
    told = {name: to for one, other, to in shown for name in (one, other) if name}
    known = {name: to for name, (to, _) in {**FREESWITCH, **ASTERISK}.items()}
    assert told == {**known, "fax_success": "result_code", "FAXSTATUS": "result_code"}
    assert all(f"`{name}`" in PAGE for name in VERDICTS)


def test_the_codes_and_causes_that_are_concluded() -> None:
    text = " ".join(PAGE.split())
    words = {**CODE_OF_ERROR, **CAUSE_OF_DIALSTATUS}
    assert all(re.search(rf"`{word}`(?: is| and `\w+`)? {number}\b", text) for word, number in words.items())


@pytest.mark.parametrize("name", TelephonySettings.model_fields)
def test_the_settings_and_their_defaults(name: str) -> None:
    row = re.search(rf"^\| `NATIVEFAX_TELEPHONY_{name.upper()}` \| (.*?) ?\|", PAGE, re.MULTILINE)
    assert row is not None
    default = TelephonySettings.model_fields[name].default
    told = row[1].strip("`")
    assert told == ("" if default is None else json.dumps(default if not isinstance(default, float) else int(default)))
