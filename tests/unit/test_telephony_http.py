"""What switches may post, every way it is refused, and that the document lists these."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.identity import received_fax_id
from schemas.telephony import CallReport, TelephonyDialResult, TelephonyFaxReceived
from services.ingest.documents.limits import MAX_BYTES
from services.ingest.telephony.body import JSON_BYTES
from services.ingest.telephony.problems import CODES, PROBLEMS, Code
from services.ingest.telephony.settings import TelephonySettings
from tests.unit.telephony_world import ATTEMPT, EVENT, FAX, NEXT, OTHER, RESULT, TIFF, TOKEN, World, code_of

PAGE = Path(__file__).parents[2] / "docs" / "refusals" / "telephony.md"
RECEIVED = "/v1/telephony/received"
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {TOKEN}"}
Cause = Callable[[], Awaitable[httpx.Response]]


async def test_an_uploaded_fax_is_stored_and_announced() -> None:
    world = World()
    variables: dict[str, object] = {"fax_result_code": "0", "fax_document_total_pages": "3", "fax_ecm_used": "?"}
    response = await world.upload(variables=variables, fax_ordinal=1)
    fax_id = received_fax_id("fs-1", "4f1c@10.0.0.1", 1)
    assert (response.status_code, response.json()) == (
        202,
        {"fax_id": str(fax_id), "unread_variables": ["fax_ecm_used"]},
    )
    (event,) = world.published.events
    assert isinstance(event, TelephonyFaxReceived)
    assert (event.switch_id, event.call_id, event.fax_ordinal) == ("fs-1", "4f1c@10.0.0.1", 1)
    assert (event.pages_announced, event.call) == (3, CallReport(result_code=0))
    assert world.blobs.objects == {event.object_key: TIFF}
    assert event.object_key.startswith("incoming/")
    assert world.blobs.media_types[event.object_key] == "image/tiff"


async def test_a_repeat_is_the_same() -> None:
    world = World()
    responses = [await world.upload() for _ in range(2)]
    assert responses[0].json() == responses[1].json()
    assert len(world.blobs.objects) == 1
    assert world.published.events[0] == world.published.events[1]


async def test_another_file_of_the_same_call_overwrites_nothing() -> None:
    world = World()
    await world.upload()
    await world.upload(TIFF + b"!")
    assert sorted(world.blobs.objects.values()) == [TIFF, TIFF + b"!"]


async def test_the_token_decides_which_switch_it_is() -> None:
    world = World()
    for token in (TOKEN, NEXT, OTHER):
        assert (await world.upload(token=token)).status_code == 202
    assert [event.switch_id for event in world.published.events] == ["fs-1", "fs-1", "ast-2"]  # type: ignore[attr-defined]
    assert (await world.upload(switch_id="fs-1")).status_code == 202


async def test_a_file_is_fetched() -> None:
    world = World()
    fetched: list[str] = []

    class Fetching:
        async def fetch(self, url: str) -> bytes:
            fetched.append(url)
            return TIFF

    object.__setattr__(world.desk, "fetching", Fetching())
    response = await world.by_url("https://pbx.example/1.tif", call_id="other")
    assert response.status_code == 202
    assert fetched == ["https://pbx.example/1.tif"]
    assert list(world.blobs.objects.values()) == [TIFF]


async def test_a_result_is_announced() -> None:
    world = World()
    call = {"result_code": 0, "pages_transferred": 2}
    assert (await world.result(call=call, pages_total=2)).json() == {"fax_id": str(FAX), "unread_variables": []}
    assert (await world.result(outcome="not-started")).status_code == 202
    assert (await world.result(variables={"FAXSTATUS": "FAILED", "FAXERROR": "HANGUP"})).status_code == 202
    told, never, asterisk = world.published.events
    assert isinstance(told, TelephonyDialResult)
    assert (told.fax_id, told.attempt_id, told.outcome, told.pages_total) == (FAX, ATTEMPT, "ended", 2)
    assert told.call == CallReport(result_code=0, pages_transferred=2)
    assert isinstance(never, TelephonyDialResult)
    assert (never.outcome, never.call) == ("not-started", CallReport())
    assert isinstance(asterisk, TelephonyDialResult)
    assert asterisk.call == CallReport(result_code=49)


async def test_nothing_is_announced_that_is_not_stored_and_the_retry_makes_it_one() -> None:
    world = World()
    world.blobs.away = True
    assert code_of(await world.upload()) == "unavailable"
    world.blobs.away = False
    world.published.away = True
    assert code_of(await world.upload()) == "unconfirmed"
    assert code_of(await world.result()) == "unconfirmed"
    world.published.away = False
    assert (await world.upload()).status_code == 202
    assert (len(world.blobs.objects), len(world.published.events)) == (1, 1)


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
async def test_every_kind_of_tiff_is_taken(magic: bytes) -> None:
    assert (await World().upload(magic + b"rest")).status_code == 202


@pytest.mark.parametrize("data", [b"", b"II", b"%PDF-1.7", b"\x89PNG", b"<html>", b"ii*\0"])
async def test_what_is_no_tiff_is_neither_stored_nor_announced(data: bytes) -> None:
    world = World()
    assert code_of(await world.upload(data)) == "not-a-tiff"
    assert (world.blobs.objects, world.published.messages) == ({}, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"called_number": "112"},
        {"called_number": None},
        {"call_id": ""},
        {"call_id": "a\nb"},
        {"call_id": "x" * 129},
        {"fax_ordinal": -1},
        {"fax_ordinal": "0"},
        {"received_at": "yesterday"},
        {"received_at": "2026-11-24T12:00:00"},
        {"object_key": "fax/2026/11/24/another/original.tif"},
        {"call": {"result_code": "0"}},
        {"more": 1},
    ],
)
async def test_an_event_that_is_not_as_it_should_be(wrong: dict[str, Any]) -> None:
    world = World()
    response = await world.upload(**wrong)
    assert code_of(response) == "invalid-request"
    (error,) = response.json()["errors"]
    assert error["where"].startswith(f"event.{next(iter(wrong))}")
    assert (world.blobs.objects, world.published.messages) == ({}, [])


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"caller_number": ""}, {"caller_number": None}),
        ({"caller_number": " \0 "}, {"caller_number": None}),
        ({"caller_number": "anonymous"}, {"caller_number": "anonymous"}),
        ({"caller_number": f"sip:{'x' * 70}@sbc"}, {"caller_number": f"sip:{'x' * 60}"}),
        ({"pages_announced": -1}, {"pages_announced": None}),
        ({"pages_announced": 2**32 - 1}, {"pages_announced": None}),
        ({"call": {"station_id": "", "hangup_cause": 604}}, {"call": CallReport()}),
        ({"call": {"sip_status": 0, "seconds": 1e300, "bad_rows": -1, "bit_rate": 10**30}}, {"call": CallReport()}),
        ({"call": {"result_code": 10**10, "result_text": "Far\r\nend\0"}}, {"call": CallReport(result_text="Far end")}),
    ],
)
async def test_what_is_said_of_a_call_is_no_reason_to_refuse_its_fax(
    said: dict[str, Any], taken: dict[str, Any]
) -> None:
    world = World()
    assert (await world.upload(**said)).status_code == 202
    (event,) = world.published.events
    assert {name: getattr(event, name) for name in taken} == taken


async def test_half_a_character_is_no_json() -> None:
    assert code_of(await World().upload(call_id="\ud800")) == "invalid-request"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"--x",
        b'--x\r\nContent-Disposition: form-data; name="event"\r\n\r\n{}',
        b"--x\r\nnonsense\r\n\r\n--x--\r\n",
        b"--y--\r\n",
    ],
)
async def test_a_form_that_is_broken_or_cut_off(content: bytes) -> None:
    response = await World().client.post(RECEIVED, headers=BOUNDARY, content=content)
    assert code_of(response) in {"malformed-body", "invalid-request"}


async def test_forms_with_other_parts() -> None:
    world = World()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    fax = ("fax.tif", TIFF, "image/tiff")
    for fields, files in (
        ({"event": "{}"}, [("other", fax)]),
        ({"event": "{}"}, [("file", fax), ("file", fax)]),
        ({"events": "{}"}, [("file", fax)]),
        ({"event": "{}", "url": "https://x"}, [("file", fax)]),
        ({"event": ["{}", "{}"]}, [("file", fax)]),
    ):
        response = await world.client.post(RECEIVED, headers=headers, data=fields, files=files)
        assert code_of(response) in {"invalid-request", "malformed-body"}
    assert world.published.messages == []


async def test_a_good_token_comes_in_from_an_address_of_many_wrong_ones() -> None:
    world = World(failures_burst=2)
    codes = [code_of(await world.result(token="wrong")) for _ in range(3)]
    assert codes == ["token-unknown", "token-unknown", "too-many-failures"]
    assert (await world.result()).status_code == 202


async def test_every_answer_is_private_and_counted() -> None:
    world = World()
    response = await world.result()
    assert response.headers["cache-control"] == "no-store"
    labels = {"method": "POST", "route": "/v1/telephony/results", "status": "202"}
    assert world.registry.get_sample_value("nativefax_telephony_requests_total", labels) == 1


def test_settings_as_the_environment_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = "a" * 64, "b" * 64
    monkeypatch.setenv("NATIVEFAX_TELEPHONY_SWITCHES", f'{{"fs-1": "{one}", "ast-2": ["{other}"]}}')
    monkeypatch.setenv("NATIVEFAX_TELEPHONY_URL_HOSTS", '["pbx.example"]')
    monkeypatch.setenv("NATIVEFAX_TELEPHONY_URL_NETWORKS", '["10.9.0.0/16"]')
    settings = TelephonySettings()
    assert settings.switches == {"fs-1": (one,), "ast-2": (other,)}
    assert settings.url_networks[0].num_addresses == 65536
    monkeypatch.setenv("NATIVEFAX_TELEPHONY_SWITCHES", f'{{"fs-1": "{one}", "ast-2": "{one}"}}')
    with pytest.raises(ValueError, match="two switches"):
        TelephonySettings()


async def token_missing() -> httpx.Response:
    return await World().client.post(RECEIVED)


async def token_unknown() -> httpx.Response:
    return await World().result(token=TOKEN + "x")


async def too_many_failures() -> httpx.Response:
    world = World(failures_burst=1)
    await world.result(token="wrong")
    return await world.result(token="wrong")


async def not_your_switch() -> httpx.Response:
    return await World().upload(switch_id="ast-2")


async def no_such_page() -> httpx.Response:
    return await World().client.get("/v1/telephony")


async def method_not_allowed() -> httpx.Response:
    response = await World().client.get(RECEIVED)
    assert response.headers["allow"] == "POST"
    return response


async def malformed_body() -> httpx.Response:
    return await World().client.post(RECEIVED, headers=BOUNDARY, content=b"--x\r\nnonsense\r\n\r\n--x--\r\n")


async def body_too_large() -> httpx.Response:
    world = World()
    assert code_of(await world.upload(TIFF + bytes(MAX_BYTES))) == "body-too-large"
    return await world.post(RECEIVED, b" " * (JSON_BYTES + 1))


async def upload_too_slow() -> httpx.Response:
    async def never() -> bytes:
        await asyncio.sleep(30)
        return b""

    class Slow:
        def __aiter__(self) -> "Slow":
            return self

        async def __anext__(self) -> bytes:
            return await never()

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    return await World(upload_seconds=0.05).client.post("/v1/telephony/results", headers=headers, content=Slow())


async def unsupported_media_type() -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/tiff"}
    return await World().client.post(RECEIVED, headers=headers, content=TIFF)


async def invalid_request() -> httpx.Response:
    world = World()
    assert code_of(await world.result(variables={"sip_call_id": "1"})) == "invalid-request"
    assert code_of(await world.post(RECEIVED, b"{")) == "invalid-request"
    assert code_of(await world.post(RECEIVED, {"event": EVENT})) == "invalid-request"
    return await world.post("/v1/telephony/results", {**RESULT, "outcome": "perhaps"})


async def not_a_tiff() -> httpx.Response:
    return await World().upload(b"%PDF")


async def url_not_allowed() -> httpx.Response:
    return await World().by_url("https://pbx.example/1.tif")


async def url_address_not_allowed() -> httpx.Response:
    return await World(url_hosts=("127.0.0.1",)).by_url("https://127.0.0.1/1.tif")


async def url_refused() -> httpx.Response:
    world = World(url_hosts=("127.0.0.1",), url_networks=("127.0.0.0/8",))
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    object.__setattr__(world.desk.fetching, "transport", transport)
    return await world.by_url("https://127.0.0.1/1.tif")


async def url_unreachable() -> httpx.Response:
    world = World(url_hosts=("127.0.0.1:9",), http_hosts=("127.0.0.1:9",), url_networks=("127.0.0.0/8",))
    return await world.by_url("http://127.0.0.1:9/1.tif")


async def busy() -> httpx.Response:
    world = World(at_once=1)
    with world.desk.room.one():
        return await world.upload()


async def unavailable() -> httpx.Response:
    world = World()
    world.blobs.away = True
    return await world.upload()


async def unconfirmed() -> httpx.Response:
    world = World()
    world.published.away = True
    return await world.result()


async def internal_error() -> httpx.Response:
    world = World()
    object.__setattr__(world.desk, "reception", None)
    response = await world.result()
    assert "Traceback" not in response.text
    return response


CAUSES: dict[Code, Cause] = {code: globals()[code.replace("-", "_")] for code in CODES}


@pytest.mark.parametrize("code", CODES)
async def test_every_refusal(code: Code) -> None:
    response = await CAUSES[code]()
    problem = PROBLEMS[code]
    assert code_of(response) == code
    assert (response.status_code, response.json()["title"]) == (problem.status, problem.title)
    assert response.json()["detail"].endswith(problem.cure)
    assert ("retry-after" in response.headers) == (problem.retry_after is not None)
    assert ("www-authenticate" in response.headers) == (problem.status == 401)
    page = await World().client.get(f"/problems/{code}")
    assert (page.status_code, problem.title in page.text) == (200, True)


def test_the_document_lists_them_all() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    told = [(code, str(problem.status), problem.title, problem.cure) for code, problem in PROBLEMS.items()]
    assert rows == told
    assert list(PROBLEMS) == list(CODES)
