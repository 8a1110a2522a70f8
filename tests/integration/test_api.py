"""The HTTP API as a process on the real parts, and the examples of docs/api.md as a reader runs them."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import insert

from schemas.accounts import FaxAccount
from schemas.identity import api_fax_id
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.database import connect, transaction
from services._runtime.decision import decide_once
from services._runtime.history.tables import FAXES
from services._runtime.settings import KafkaSettings
from services._runtime.tokens import mint
from services.ingest.api.upload import BODY_BYTES
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.views import Account
from services.portal.sending.api import FaxApi
from services.portal.sending.domain import Typed, typed_into
from services.portal.sending.drafts import Drafts, Given, preview_key
from services.portal.sending.sending import Sender, Sending
from services.router.submitted import decide_submitted
from tests.fault.api_process import (
    TO,
    address_of,
    api_processes,
    check_one_fax,
    history_url,
    make_history,
    submitted,
)
from tests.fault.pipeline import Pipeline
from tests.fault.workers import Worker
from tests.providers.cluster import Cluster
from tests.unit.api_world import PDF, account_of, problem, ready_of

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
SUBMITTED = Path(__file__).parents[1] / "data" / "submitted"
MINE, THEIRS, SERVICE, PORTAL = mint("mine"), mint("theirs"), mint("service"), mint("portal")
ACCOUNT, OTHER = account_of("acc-api-1", "+12125550180", MINE), account_of("acc-api-2", "+12125550181", THEIRS)
SERVICES = json.dumps(
    [
        {"name": "service", "sha256": SERVICE.sha256, "scopes": ["faxes:read", "faxes:send"]},
        {"name": "portal", "sha256": PORTAL.sha256, "scopes": ["faxes:send"]},
    ]
)


@dataclass
class Running:
    pipeline: Pipeline
    worker: Worker
    folder: Path

    def client(self, token: str = MINE.text) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=address_of(self.worker), headers=headers, timeout=60)


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@pytest.fixture(scope="module")
async def running(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("api")
    await pipeline.publish_accounts(ACCOUNT, OTHER)
    await make_history(folder)
    more = {"NATIVEFAX_API_SERVICE_TOKENS": SERVICES, "NATIVEFAX_STAGE_CONFIRM_SECONDS": "3"}
    with api_processes(pipeline.cluster, folder, 1, **more) as (worker,):
        yield Running(pipeline, worker, folder)


async def send(client: httpx.AsyncClient, key: str, **fields: Any) -> httpx.Response:
    parts = [("file", ("a.pdf", PDF, "application/pdf"))]
    return await client.post("/v1/faxes", data={"to": TO, **fields}, files=parts, headers={"Idempotency-Key": key})


async def test_the_same_key_from_two_tenants_and_twice_from_each(running: Running) -> None:
    key = str(uuid4())
    async with running.client() as mine, running.client(THEIRS.text) as theirs:
        answers = await asyncio.gather(*(send(client, key) for client in (mine, theirs, mine, theirs)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.text for one in answers}) == 2
    announced = await submitted(running.pipeline.kafka)
    for account in (ACCOUNT, OTHER):
        fax_id = api_fax_id(account.account_id, key)
        await check_one_fax(fax_id, announced[fax_id], [PDF], running.pipeline.blobs)
        assert announced[fax_id][0].account_id == account.account_id


async def test_a_service_submits_and_reads_for_an_account(running: Running) -> None:
    async with running.client(SERVICE.text) as service, running.client(THEIRS.text) as theirs:
        answer = await send(service, str(uuid4()), account_id=OTHER.account_id, on_behalf_of="jo@clinic.example")
        path = answer.headers["location"]
        assert (await service.get(path, params={"account_id": OTHER.account_id})).json()["state"] == "accepted"
        assert (await theirs.get(path)).json()["id"] == answer.json()["id"]
        assert problem(await service.get(path, params={"account_id": ACCOUNT.account_id})) == (404, "no-such-fax")


async def test_the_portal_sees_sends_and_cancels_a_draft_through_it(running: Running) -> None:
    """With its own token, from its own drafts in the store, through a guarded process; twice at once it is one fax."""
    blobs, person, letter = running.pipeline.blobs, str(uuid4()), (SUBMITTED / "letter.pdf").read_bytes()
    drafts, api = Drafts(blobs), FaxApi.of(address_of(running.worker), PORTAL.text)
    sending, sender = Sending(drafts, api, NoPictures()), Sender(person, "jo@clinic.example", portal_account(OTHER))
    typed = Typed(account_id=OTHER.account_id, to=TO, cover_text="Hello", cover=True)
    begun = await drafts.begin(person, lambda blank: typed_into(blank, typed))
    draft, left_out = await drafts.add(person, begun.draft_id, [Given("letter.pdf", "application/pdf", letter)])
    assert draft is not None
    assert left_out == ()
    assert await sending.pages(sender, draft) == 3
    assert len(PdfReader(BytesIO(await blobs.get(preview_key(person, draft, 3)) or b"")).pages) == 3
    sent = await asyncio.gather(sending.send(sender, draft), sending.send(sender, draft))
    fax_id = api_fax_id(OTHER.account_id, draft.key)
    assert set(sent) == {fax_id}
    announced = await submitted(running.pipeline.kafka)
    await check_one_fax(fax_id, announced[fax_id], [letter], blobs)
    assert (announced[fax_id][0].sender, announced[fax_id][0].reply_to) == ("jo@clinic.example", None)
    assert all("/versions/" in key for key in await blobs.keys(f"drafts/{person}/"))
    assert await api.cancel(OTHER.account_id, fax_id) == "cancelled"
    await api.client.aclose()


class NoPictures:
    """Nobody looks."""

    async def page(self, key: str, number: int, width: int) -> bytes:
        raise NotImplementedError


def portal_account(account: FaxAccount) -> Account:
    """An account as the portal has it."""
    at, settings = account.changed_at, FaxSettings()
    return Account(
        account_id=account.account_id,
        number=account.fax_number,
        domain=account.domain,
        reseller=account.reseller,
        state="active",
        version=1,
        user=None,
        methods=account.methods,
        handling=account.handling,
        settings=settings,
        device=None,
        tokens=(),
        created_at=at,
        changed_at=at,
    )


async def test_an_account_added_a_moment_ago_can_send(running: Running) -> None:
    token = mint("new")
    await running.pipeline.publish_accounts(account_of("acc-api-new", "+12125550182", token))
    async with running.client(token.text) as client:
        assert (await send(client, "1")).status_code == 202


async def test_a_token_that_is_taken_from_its_account_is_revoked(running: Running) -> None:
    token = mint("leaked")
    account = account_of("acc-api-leaked", "+12125550183", token)
    await running.pipeline.publish_accounts(account)
    async with running.client(token.text) as client:
        assert (await client.get("/v1/faxes")).status_code == 200
        await running.pipeline.publish_accounts(account.model_copy(update={"version": 2, "api_tokens": ()}))
        async with asyncio.timeout(20):
            while (answer := await client.get("/v1/faxes")).status_code in {200, 429}:
                pass
    assert problem(answer) == (401, "token-unknown")


async def test_the_history_is_read(running: Running) -> None:
    at = datetime.now(UTC)
    row = {
        "fax_id": uuid4(),
        "account_id": OTHER.account_id,
        "direction": "received",
        "state": "emailed",
        "accepted_at": at,
        "updated_at": at,
        "version": 4,
        "fax_number": OTHER.fax_number,
        "other_party": "+12025550199",
        "pages": 2,
        "partial": False,
    }
    known = {name: value for name, value in row.items() if name in FAXES.c}
    engine = connect(history_url(running.folder))
    async with transaction(engine) as connection:
        await connection.execute(insert(FAXES).values(known))
    await engine.dispose()
    async with running.client(THEIRS.text) as client:
        listed = (await client.get("/v1/faxes", params={"direction": "received"})).json()
        one = (await client.get(f"/v1/faxes/{row['fax_id']}")).json()
    assert [(fax["id"], fax["state"], fax["pages"]) for fax in listed["faxes"]] == [(str(row["fax_id"]), "emailed", 2)]
    assert one["steps"] == []


async def test_cancelling_and_routing_at_once_one_of_them_counts(running: Running) -> None:
    async with running.client() as client:
        for _ in range(5):
            fax_id = UUID((await send(client, str(uuid4()))).json()["id"])
            (fax, *_repeats) = (await submitted(running.pipeline.kafka))[fax_id]
            routed = decide_submitted(ready_of(fax), ACCOUNT, datetime.now(UTC))
            answer, counted = await asyncio.gather(
                client.post(f"/v1/faxes/{fax_id}/cancel"),
                decide_once(running.pipeline.blobs, fax.accepted_at, fax_id, routed),
            )
            assert answer.json()["state"] == ("cancelling" if counted.dial else "cancelled")


async def test_a_body_that_is_too_large_is_refused_before_it_has_come(running: Running) -> None:
    address = address_of(running.worker).removeprefix("http://")
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["POST /v1/faxes?to=911 HTTP/1.1", f"Host: {address}", f"Authorization: Bearer {MINE.text}"]
    lines += ["Content-Type: application/pdf", f"Content-Length: {BODY_BYTES + 1}", "Expect: 100-continue", "", ""]
    writer.write("\r\n".join(lines).encode())
    status = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    assert status.startswith(b"HTTP/1.1 413")


async def test_forty_megabytes_are_taken(running: Running) -> None:
    large = os.urandom(1_000_000) * 40
    key = {"Idempotency-Key": str(uuid4())}
    async with running.client() as client:
        answer = await client.post("/v1/faxes", data={"to": TO}, files={"file": ("a.pdf", large)}, headers=key)
    assert answer.status_code == 202
    accepted_at = datetime.fromisoformat(answer.json()["accepted_at"])
    prefix = fax_prefix(accepted_at, UUID(answer.json()["id"]))
    assert await running.pipeline.blobs.get(f"{prefix}attachments/01") == large


def test_health_and_metrics_are_beside_it(running: Running) -> None:
    address = address_of(running.worker)
    assert httpx.get(f"{address}/ready").json() == {"ok": True, "waits": []}
    assert running.worker.metric("nativefax_api_requests_total", route="/v1/faxes", status="202") >= 1
    assert httpx.get(f"{address}/openapi.json").json()["openapi"].startswith("3.1")


@pytest.mark.needs("curl")
async def test_the_documents_examples_do_what_it_says(running: Running, tmp_path: Path) -> None:
    (tmp_path / "lab-results.pdf").write_bytes((SUBMITTED / "letter.pdf").read_bytes())
    fax_id = api_fax_id(ACCOUNT.account_id, "order-4711")
    environment = {**os.environ, "API": address_of(running.worker), "TOKEN": MINE.text, "FAX": str(fax_id)}
    examples = re.findall(r"```sh\n(.*?)```\n(?:\n```json\n(.*?)```)?", PAGE.read_text(), re.DOTALL)
    assert len(examples) == 8
    for script, expected in examples:
        done = await asyncio.to_thread(
            subprocess.run, ["bash", "-e"], input=script.encode(), env=environment, cwd=tmp_path, capture_output=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if expected:
            _same(json.loads(done.stdout), json.loads(expected))
        if "order-4711" in script:  # what the document worker would do meanwhile
            accepted_at = datetime.fromisoformat(json.loads(done.stdout)["accepted_at"])
            await running.pipeline.blobs.put(fax_prefix(accepted_at, fax_id) + DOCUMENT, b"%PDF", "application/pdf")
    assert (tmp_path / "fax.pdf").read_bytes() == b"%PDF"
    assert len(PdfReader(tmp_path / "preview.pdf").pages) == 3  # by a guarded process: two of the letter and a cover


def _same(told: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal, but for what the document leaves open."""
    assert told.keys() == expected.keys()
    for name, value in expected.items():
        assert value == "…" or told[name] == value


@pytest.mark.chaos
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", ["kafka", "store"])
async def test_while_a_part_is_away_nothing_is_accepted_and_the_retry_makes_one_fax(
    running: Running, part: Any
) -> None:
    key = str(uuid4())
    async with running.client() as client:
        running.pipeline.cluster.stop(part)
        try:
            answers = [await send(client, key) for _ in range(2)]
        finally:
            running.pipeline.cluster.start(part)
        assert {one.status_code for one in answers} == {503}
        assert all("retry-after" in one.headers for one in answers)
        async with asyncio.timeout(120):
            while (answer := await send(client, key)).status_code != 202:
                assert answer.status_code == 503
    fax_id = api_fax_id(ACCOUNT.account_id, key)
    announced = await submitted(running.pipeline.kafka)
    await check_one_fax(fax_id, announced[fax_id], [PDF], running.pipeline.blobs)
