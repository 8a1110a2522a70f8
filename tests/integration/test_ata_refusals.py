"""Every refusal of the ATA gateway, as somebody causes it; and that the document lists them all."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from starlette.types import Message

from schemas.failures import FaxFailure
from services.ingest.ata.problems import CODES, DESTINATIONS, PROBLEMS, Code
from services.ingest.ata.upload import Room
from services.ingest.documents.limits import MAX_BYTES
from tests.integration.ata_world import AT, CODE, PDF, SERIAL, TIFF, World, enrolment, requested, with_ata

PAGE = Path(__file__).parents[2] / "docs" / "refusals" / "ata.md"
Cause = Callable[[World], Awaitable[httpx.Response]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await World.on(f"sqlite:///{tmp_path}/ata.sqlite")
    await world.enrol()
    yield world
    await world.engine.dispose()


async def not_authenticated(world: World) -> httpx.Response:
    return await world.ask("GET", "/v1/ata/received", auth=(SERIAL, "wrong"))


async def device_not_allowed(world: World) -> httpx.Response:
    world.accounts.known = []
    return await world.submit()


async def enrolment_refused(world: World) -> httpx.Response:
    return await world.enrol("WRONG")


async def code_expired(world: World) -> httpx.Response:
    world.now = AT + timedelta(days=8)
    return await world.enrol()


async def code_used(world: World) -> httpx.Response:
    return await world.enrol(CODE)


async def too_many_attempts(world: World) -> httpx.Response:
    for _ in range(10):
        answer = await world.enrol("WRONG")
    return answer


async def invalid_request(world: World) -> httpx.Response:
    return await world.submit(job="no spaces please")


async def destination_refused(world: World) -> httpx.Response:
    return await world.submit(to="911")


async def empty_document(world: World) -> httpx.Response:
    return await world.submit(b"")


async def unsupported_document(world: World) -> httpx.Response:
    return await world.submit(b"\xff\xd8\xff\xe0 a picture")


async def document_too_large(world: World) -> httpx.Response:
    return await world.submit(bytes(MAX_BYTES + 1))


async def incomplete_document(world: World) -> httpx.Response:
    return await broken_off(world, [{"type": "http.request", "body": TIFF, "more_body": True}], hang=False)


async def upload_too_slow(world: World) -> httpx.Response:
    world.serve(upload_seconds=0.05)
    return await broken_off(world, [], hang=True)


async def job_expired(world: World) -> httpx.Response:
    await world.submit()
    world.now = AT + timedelta(days=366)
    return await world.submit()


async def no_such_fax(world: World) -> httpx.Response:
    return await world.acknowledge(uuid4())


async def no_longer_waiting(world: World) -> httpx.Response:
    event = requested()
    await world.receiving.handle(event)
    await world.acknowledge(event.fax_id)
    return await world.ask("GET", f"/v1/ata/received/{event.fax_id}/document")


async def document_gone(world: World) -> httpx.Response:
    event = requested()
    await world.receiving.handle(event)
    return await world.ask("GET", f"/v1/ata/received/{event.fax_id}/document")


async def no_such_address(world: World) -> httpx.Response:
    return await world.ask("GET", "/v1/ata/nothing")


async def method_not_allowed(world: World) -> httpx.Response:
    return await world.ask("DELETE", "/v1/ata/received")


async def busy(world: World) -> httpx.Response:
    with world.room.of(announcing(MAX_BYTES)), world.room.of(announcing(MAX_BYTES)):
        return await world.submit()


async def unavailable(world: World) -> httpx.Response:
    world.blobs.away = True
    return await world.submit()


async def unconfirmed(world: World) -> httpx.Response:
    world.topics.away = True
    return await world.submit()


async def internal_error(world: World) -> httpx.Response:
    world.blobs.objects = cast("dict[str, bytes]", None)
    return await world.submit()


CAUSES: dict[str, Cause] = {
    name.replace("_", "-"): cause
    for name, cause in globals().items()
    if name.replace("_", "-") in CODES and callable(cause)
}


def announcing(size: int) -> Any:
    """A request that says how much comes."""
    return type("Announcing", (), {"headers": {"content-length": str(size)}})()


async def broken_off(world: World, messages: list[Message], *, hang: bool) -> httpx.Response:
    """Submit by ASGI itself: what comes after `messages` never comes, or the device hangs up."""
    sent: list[Message] = []
    query = {"to": "12025550177", "job": "1", "booted_at": AT.isoformat()}
    asked = world.http.build_request("POST", "/v1/ata/faxes", params=query)
    basic = httpx.BasicAuth(SERIAL, world.secret)._auth_header.encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": asked.url.path,
        "raw_path": asked.url.raw_path,
        "query_string": asked.url.query,
        "headers": [(b"authorization", basic), (b"content-length", b"5000")],
        "client": ("192.0.2.1", 5000),
        "server": ("gateway", 80),
        "state": {},
    }

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        if hang:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await world.app(scope, receive, send)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])


@pytest.mark.parametrize("code", CODES)
async def test_a_refusal_says_what_happened_and_what_to_do(world: World, code: Code) -> None:
    before = len(world.topics.messages)
    answer = await CAUSES[code](world)
    problem = PROBLEMS[code]
    told = answer.json()
    assert (answer.status_code, told["type"], told["status"]) == (problem.status, f"/problems/{code}", problem.status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["title"] == problem.title
    assert told["detail"].endswith(problem.cure)
    assert ("Retry-After" in answer.headers) == (problem.retry_after is not None)
    assert ("WWW-Authenticate" in answer.headers) == (problem.status == 401)
    assert ("Allow" in answer.headers) == (problem.status == 405)
    if code != "job-expired":  # which was taken a year ago
        assert len(world.topics.messages) == before


@pytest.mark.parametrize(
    ("to", "failure"),
    [
        ("12", "destination-invalid"),
        ("5550177", "destination-invalid"),
        ("*69", "destination-invalid"),
        ("112", "destination-emergency"),
        ("19005550177", "destination-premium"),
        ("011442071234567", "destination-blocked"),
    ],
)
async def test_a_number_that_may_not_be_dialled_is_refused_with_its_reason(
    world: World, to: str, failure: FaxFailure
) -> None:
    world.accounts.known = [with_ata(enrolment(), blocked_destinations=("+44",))]
    told = (await world.submit(to=to)).json()
    assert (told["type"], told["failure"]) == ("/problems/destination-refused", failure)
    assert told["detail"].startswith(DESTINATIONS[failure])


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"to": "fax me"}, "query.to"),
        ({"to": ""}, "query.to"),
        ({"to": "1" * 41}, "query.to"),
        ({"job": ""}, "query.job"),
        ({"job": "1" * 65}, "query.job"),
        ({"job": "a\0"}, "query.job"),
        ({"booted_at": "yesterday"}, "query.booted_at"),
        ({"booted_at": "2026-11-24T12:00:00"}, "query.booted_at"),
        ({"booted_at": "0001-01-01T00:00:00+14:00"}, "query.booted_at"),
        ({"booted_at": "9999-12-31T23:59:59-14:00"}, "query.booted_at"),
    ],
)
async def test_what_is_wrong_in_a_request_is_named(world: World, changes: dict[str, str], where: str) -> None:
    query = {"to": "12025550177", "job": "1", "booted_at": AT.isoformat(), **changes}
    told = (await world.ask("POST", "/v1/ata/faxes", params=query, content=PDF)).json()
    assert told["type"] == "/problems/invalid-request"
    assert [one["where"] for one in told["errors"]] == [where]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"serial": "x"}',
        b'{"serial": 5, "code": "x"}',
        b'{"serial": "a\\u0000", "code": "x"}',
        b'{"serial": "\\ud800", "code": "x"}',
        b'{"serial": "x", "code": "\\ud800"}',
        b'{"\\ud800": "x"}',
        b" " * 5000,
    ],
)
async def test_an_enrolment_that_cannot_be_read_is_refused(world: World, body: bytes) -> None:
    answer = await world.http.post("/v1/ata/enrol", content=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


async def test_who_is_not_authenticated_learns_nothing_of_the_request(world: World) -> None:
    answer = await world.ask("POST", "/v1/ata/faxes", auth=(SERIAL, "wrong"), params={"to": "911"}, content=b"")
    assert answer.status_code == 401


async def test_nobody_is_led_elsewhere_with_a_secret(world: World) -> None:
    answer = await world.ask("GET", "/v1/ata/received/")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-address")


async def test_a_serial_number_that_no_database_can_keep_is_nobodys(world: World) -> None:
    assert (await world.ask("POST", "/v1/ata/rotate", auth=("a\0", "secret"))).status_code == 401


async def test_room_is_given_back(world: World) -> None:
    await world.submit(b"")
    await world.submit()
    assert world.room == Room(100_000_000)


def test_every_refusal_is_caused_here() -> None:
    assert sorted(CAUSES) == sorted(CODES)


def test_the_document_lists_every_refusal() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(code, str(one.status), one.title, one.cure) for code, one in PROBLEMS.items()]
    told = re.findall(r"^\| `(destination-[a-z]+)` \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert told == list(DESTINATIONS.items())
