"""Every refusal of the API, as a user causes it: status, words and headers; and that the document lists them all."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.accounts import ApiToken
from schemas.failures import FaxFailure
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.tokens import mint
from services.ingest.api.problems import CODES, DESTINATIONS, FILES, PROBLEMS, Code
from services.ingest.api.upload import BODY_BYTES
from tests.unit.api_world import AT, PDF, TO, World, problem

PAGE = Path(__file__).parents[2] / "docs" / "refusals" / "api.md"
Cause = Callable[[], Awaitable[httpx.Response]]


async def token_missing() -> httpx.Response:
    return await World().client.get("/v1/faxes")


async def token_unknown() -> httpx.Response:
    return await World().get("/v1/faxes", mint("stranger"))


async def token_expired() -> httpx.Response:
    world = World()
    token = mint("short")
    tokens = (ApiToken(token_id="short", sha256=token.sha256, scopes=("faxes:read",), expires_at=AT),)
    world.change("acc-1", api_tokens=tokens)
    return await world.get("/v1/faxes", token)


async def scope_missing() -> httpx.Response:
    world = World()
    return await world.send(token=world.reading)


async def not_your_account() -> httpx.Response:
    return await World().send(account_id="acc-2")


async def method_not_enabled() -> httpx.Response:
    world = World()
    world.change("acc-1", methods=("email",))
    return await world.send()


async def account_needed() -> httpx.Response:
    world = World()
    return await world.send(token=world.portal)


async def no_such_account() -> httpx.Response:
    world = World()
    return await world.get("/v1/faxes", world.portal, account_id="nobody")


async def no_such_fax() -> httpx.Response:
    return await World().get(f"/v1/faxes/{uuid4()}")


async def no_document() -> httpx.Response:
    world = World()
    return await world.get(f"/v1/faxes/{world.row(1).fax_id}/document")


async def no_such_page() -> httpx.Response:
    return await World().get("/v2/faxes")


async def method_not_allowed() -> httpx.Response:
    world = World()
    return await world.client.delete("/v1/faxes", headers=world.headers())


async def not_cancellable() -> httpx.Response:
    world = World()
    return await world.cancel(str(world.row(1, direction="sent", state="delivered").fax_id))


async def key_reused() -> httpx.Response:
    world = World()
    await world.send()
    return await world.send(b"another")


async def key_expired() -> httpx.Response:
    world = World()
    await world.send()
    world.clock += timedelta(days=366)
    return await world.send()


async def invalid_key() -> httpx.Response:
    return await World().send(key="k" * 256)


async def malformed_body() -> httpx.Response:
    world = World()
    kind = {"Content-Type": "multipart/form-data; boundary=b", **world.headers(key="k")}
    return await world.client.post("/v1/faxes", content=b"--b\r\nContent-", headers=kind)


async def body_too_large() -> httpx.Response:
    world = World()
    kind = {"Content-Type": "application/pdf", "Content-Length": str(BODY_BYTES + 1), **world.headers(key="k")}
    return await world.client.post("/v1/faxes", params={"to": TO}, content=b"", headers=kind)


async def upload_too_slow() -> httpx.Response:
    world = World(upload_seconds=0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"%PDF"
        await asyncio.Event().wait()

    kind = {"Content-Type": "application/pdf", **world.headers(key="k")}
    return await world.client.post("/v1/faxes", params={"to": TO}, content=body(), headers=kind)


async def unsupported_media_type() -> httpx.Response:
    world = World()
    return await world.client.post("/v1/faxes", json={"to": TO}, headers=world.headers(key="k"))


async def invalid_request() -> httpx.Response:
    return await World().send(resolution="superfine", sub_address="1")


async def invalid_cursor() -> httpx.Response:
    return await World().get("/v1/faxes", cursor="page-2")


async def destination_refused() -> httpx.Response:
    return await World().send(to="911")


async def nothing_to_fax() -> httpx.Response:
    world = World()
    data = {"to": (None, TO), "cover_text": (None, "Hello")}
    return await world.client.post("/v1/faxes", files=data, headers=world.headers(key="k"))


async def empty_file() -> httpx.Response:
    return await World().send(PDF, b"")


async def file_refused() -> httpx.Response:
    return await World().preview(b"%PDF-1.7 broken")


async def reply_to_not_allowed() -> httpx.Response:
    return await World().send(reply_to="else@where.example")


async def too_many_requests() -> httpx.Response:
    world = World(requests_per_second=0.01, requests_burst=2)
    return [await world.get("/v1/faxes") for _ in range(3)][-1]


async def too_many_documents() -> httpx.Response:
    world = World(documents_per_hour=1)
    row = world.row(1)
    world.blobs.objects[fax_prefix(row.accepted_at, row.fax_id) + DOCUMENT] = b"%PDF"
    return [await world.get(f"/v1/faxes/{row.fax_id}/document") for _ in range(2)][-1]


async def too_many_failures() -> httpx.Response:
    world = World(failures_burst=2)
    return [await world.get("/v1/faxes", mint("stranger")) for _ in range(3)][-1]


async def too_many_uploads() -> httpx.Response:
    world = World(uploads_per_token=1)
    return await _second_of_two(world)


async def busy() -> httpx.Response:
    world = World(upload_bytes=60_000_000)
    return await _second_of_two(world)


async def _second_of_two(world: World) -> httpx.Response:
    """Submit while another submission, whose length nobody knows, is under way."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        asked.set()
        await go_on.wait()
        yield PDF

    kind = {"Content-Type": "application/pdf", **world.headers(key="first")}
    first = asyncio.create_task(world.client.post("/v1/faxes", params={"to": TO}, content=body(), headers=kind))
    await asked.wait()
    second = await world.client.post(
        "/v1/faxes", params={"to": TO}, content=_chunks(), headers={**kind, "Idempotency-Key": "2"}
    )
    go_on.set()
    assert (await first).status_code == 202
    return second


async def _chunks() -> AsyncIterator[bytes]:
    yield PDF


async def unavailable() -> httpx.Response:
    world = World()
    world.blobs.away = True
    return await world.send()


async def unconfirmed() -> httpx.Response:
    world = World()
    world.kafka.away = True
    return await world.send()


async def internal_error() -> httpx.Response:
    world = World()

    async def broken(key: str) -> bytes | None:
        raise RuntimeError("a secret detail")

    world.blobs.get = broken  # type: ignore[method-assign]
    return await world.get(f"/v1/faxes/{uuid4()}")


CAUSES: dict[Code, Cause] = {code: globals()[code.replace("-", "_")] for code in CODES}


@pytest.mark.parametrize("code", CODES)
async def test_each_refusal_has_its_status_its_words_and_a_cure(code: Code) -> None:
    answer = await CAUSES[code]()
    kind = PROBLEMS[code]
    assert problem(answer) == (kind.status, code)
    told = answer.json()
    assert told["title"] == kind.title
    assert kind.cure in told["detail"]
    assert ("retry-after" in answer.headers) == (kind.status in {429, 503})
    assert ("www-authenticate" in answer.headers) == (kind.status == 401 or code == "scope-missing")
    assert ("allow" in answer.headers) == (kind.status == 405)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for secret in ("Traceback", "secret", "services/"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("to", "failure"),
    [
        ("not a number", "destination-invalid"),
        ("12", "destination-invalid"),
        ("+4930123456", "destination-blocked"),
        ("+447012345678", "destination-premium"),
        ("911", "destination-emergency"),
    ],
)
async def test_a_destination_is_refused_at_the_door_and_nothing_is_stored(to: str, failure: FaxFailure) -> None:
    world = World()
    world.change("acc-1", region="US" if failure != "destination-premium" else "GB")
    answer = await world.send(to=to if failure != "destination-premium" else "+44 871 123 4567")
    assert problem(answer) == (422, "destination-refused")
    assert answer.json()["failure"] == failure
    assert DESTINATIONS[failure] in answer.json()["detail"]
    assert not world.blobs.objects
    assert not world.kafka.messages


async def test_what_is_wrong_is_named_and_never_quoted() -> None:
    fields: dict[str, Any] = {"resolution": "4711", "subaddress": "4711x", "secret_4712": "4711"}
    answer = await World().send(**fields)
    wrong = {one["where"]: one["what"] for one in answer.json()["errors"]}
    assert wrong.keys() == {"form.resolution", "form.subaddress", "form.secret_4712"}
    assert "4711" not in answer.text


@pytest.mark.parametrize("field", ["to", "subject"])
async def test_a_field_given_twice_is_refused(field: str) -> None:
    world = World()
    parts: list[tuple[str, tuple[str | None, bytes | str]]] = [
        ("to", (None, TO)),
        ("subject", (None, "a")),
        ("file", ("a.pdf", PDF)),
        (field, (None, TO)),
    ]
    answer = await world.client.post("/v1/faxes", files=parts, headers=world.headers(key="k"))
    assert problem(answer) == (422, "invalid-request")
    parts.pop()
    answer = await world.client.post("/v1/faxes", params={field: TO}, files=parts, headers=world.headers(key="k"))
    assert problem(answer) == (422, "invalid-request")
    assert not world.blobs.objects


@pytest.mark.parametrize("part", [("to", ("to.txt", b"+12025550177")), ("file", (None, "text"))])
async def test_a_field_is_no_file_and_a_file_is_no_field(part: tuple[str, tuple[str | None, bytes | str]]) -> None:
    world = World()
    answer = await world.client.post("/v1/faxes", files=[part], headers=world.headers(key="k"))
    assert problem(answer) == (422, "invalid-request")


async def test_a_form_that_breaks_off_between_two_parts_is_no_fax_of_the_first() -> None:
    world = World()
    head = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    whole = "--b\r\n" + head.format("to", "") + TO + "\r\n--b\r\n" + head.format("file", '; filename="a.pdf"') + "%PDF"
    kind = {"Content-Type": "multipart/form-data; boundary=b", **world.headers(key="k")}
    for end in ("", "\r\n--b", "\r\n--b\r\n"):
        answer = await world.client.post("/v1/faxes", content=(whole + end).encode(), headers=kind)
        assert problem(answer) == (400, "malformed-body")
    assert not world.blobs.objects
    answer = await world.client.post("/v1/faxes", content=(whole + "\r\n--b--\r\n").encode(), headers=kind)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("encoding", "status"), [("base64", 400), ("Quoted-Printable", 400), ("binary", 202), ("8BIT", 202)]
)
async def test_a_file_in_base64_is_not_faxed_as_text(encoding: str, status: int) -> None:
    world = World()
    file = ("a.pdf", b"JVBERi0xLjc=", "application/pdf", {"Content-Transfer-Encoding": encoding})
    answer = await world.client.post("/v1/faxes", data={"to": TO}, files={"file": file}, headers=world.headers(key="k"))
    assert answer.status_code == status
    assert bool(world.blobs.objects) == (status == 202)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/faxes", "GET, POST"), (f"/v1/faxes/{UUID(int=1)}/cancel", "POST"), ("/openapi.json", "GET, HEAD")],
)
async def test_what_an_address_takes_is_told_whoever_takes_it(path: str, allowed: str) -> None:
    assert (await World().client.delete(path)).headers["allow"] == allowed


@pytest.mark.parametrize("number", [31, 200])
async def test_too_many_files_and_fields_are_refused(number: int) -> None:
    world = World()
    assert problem(await world.send(*[PDF] * number)) == (422, "invalid-request")
    fields: dict[str, Any] = {f"field{one}": "" for one in range(number)}
    assert problem(await world.send(**fields)) == (422, "invalid-request")


async def test_more_than_a_fax_may_have_is_refused_while_it_comes() -> None:
    world = World()
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 200_000_000:
            sent += 1_000_000
            yield bytes(1_000_000)

    kind = {"Content-Type": "application/pdf", **world.headers(key="k")}
    answer = await world.client.post("/v1/faxes", params={"to": TO}, content=body(), headers=kind)
    assert problem(answer) == (413, "body-too-large")
    assert not world.blobs.objects


@pytest.mark.parametrize("keys", [["a", "b"], [""], ["\xe9"]])
async def test_keys_that_nobody_can_tell_apart_are_refused(keys: list[str]) -> None:
    world = World()
    raw = [(b"Authorization", f"Bearer {world.mine.text}".encode())]
    raw += [(b"Idempotency-Key", one.encode("latin-1")) for one in keys]
    answer = await world.client.post("/v1/faxes", data={"to": TO}, files={"file": PDF}, headers=raw)
    assert problem(answer) == (422, "invalid-key")
    assert not world.blobs.objects


async def test_compressed_bodies_are_not_taken_for_documents() -> None:
    world = World()
    kind = {"Content-Type": "application/pdf", "Content-Encoding": "gzip", **world.headers(key="k")}
    answer = await world.client.post("/v1/faxes", params={"to": TO}, content=b"\x1f\x8b", headers=kind)
    assert problem(answer) == (415, "unsupported-media-type")


async def test_while_it_starts_it_says_so() -> None:
    world = World()
    world.desk = None
    answer = await world.send()
    assert problem(answer) == (503, "unavailable")
    assert "starting" in answer.json()["detail"]


@pytest.mark.parametrize("code", CODES)
async def test_the_type_of_a_problem_explains_it(code: Code) -> None:
    page = await World().client.get(f"/problems/{code}")
    assert (page.status_code, PROBLEMS[code].cure in page.text) == (200, True)


def test_the_document_lists_them_all() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    expected = [(code, str(one.status), one.title, one.cure) for code, one in PROBLEMS.items()]
    assert rows == expected
    failures = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert failures == [*DESTINATIONS.items(), *FILES.items()]
    assert tuple(PROBLEMS) == CODES
