"""Two processes of the portal side by side on PostgreSQL: first sign-in, an account that routes, one killed.

On real Kafka, with the stages that a received fax goes through.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.fax import FaxStatusChanged
from services._runtime.settings import KafkaSettings
from services._runtime.tokens import mint
from services.cli.receiving import Incoming
from services.portal.inventory.seeding import DOMAIN, NUMBERS_OF_DOMAIN
from services.portal.web.signing_in.throttle import PER_PAIR
from tests.fault.pipeline import CLEAN, Pipeline
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster
from tests.providers.portal import form_token

pytestmark = pytest.mark.timeout(300)

ACCOUNTS = f"/domains/{DOMAIN}/accounts"
EMAIL, PASSWORD = "owner@reseller.example", "correct horse battery"
TOKEN = mint("cli", "nfp").text
STAGES = ("portal", "portal", "router", "ingest")


@pytest.fixture
def running(kafka: KafkaSettings, cluster: Cluster, postgres_url: str, tmp_path: Path) -> Iterator[list[Worker]]:
    environment = {
        **cluster.environment,
        "NATIVEFAX_PORTAL_DATABASE": postgres_url,
        "NATIVEFAX_PORTAL_FIRST_EMAIL": EMAIL,
        "NATIVEFAX_PORTAL_FIRST_PASSWORD": PASSWORD,
        "NATIVEFAX_PORTAL_FIRST_TOKEN_SHA256": sha256(TOKEN.encode()).hexdigest(),
        "NATIVEFAX_PORTAL_SAMPLE": "true",
        "NATIVEFAX_PORTAL_URL": "http://127.0.0.1",
        "NATIVEFAX_LINKS_SECRET": "s" * 40,
    }
    with workers(tmp_path, environment, [["-m", "services", one] for one in STAGES], wait=False) as started:
        eventually("every process is ready", lambda: all(one.ready() for one in started), 150)
        yield started


def browser(worker: Worker) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=_address(worker), follow_redirects=True, timeout=30)


def machine(worker: Worker) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.AsyncClient(base_url=f"{_address(worker)}/api/v1", headers=headers, timeout=30)


def _address(worker: Worker) -> str:
    return (worker._ready_file() or {})["address"]


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    token = form_token((await client.get("/sign-in")).text)
    return await client.post("/sign-in", data={"form_token": token, "email": EMAIL, "password": password})


async def add(client: httpx.AsyncClient, number: str) -> dict[str, Any]:
    fields = {"domain": DOMAIN, "fax_number": number, "primary_user": {"written": "1001"}, "handling": "portal"}
    answer = await client.post("/accounts", json=fields)
    assert answer.status_code == 201, answer.text
    account: dict[str, Any] = answer.json()["account"]
    return account


async def until_live(client: httpx.AsyncClient, account_id: str) -> None:
    async with asyncio.timeout(30):
        while (await client.get(f"/accounts/{account_id}")).json()["live"] != "live":  # noqa: ASYNC110 - it asks
            await asyncio.sleep(0.05)


async def test_two_processes_are_one_portal(running: list[Worker], cluster: Cluster) -> None:
    one, other = running[:2]
    pipeline = Pipeline(cluster)
    async with browser(one) as here, browser(other) as there, machine(other) as asking:
        assert "This link does not work" in (await here.get("/f/nothing")).text
        assert DOMAIN in (await sign_in(here)).text
        there.cookies = here.cookies
        assert DOMAIN in (await there.get("/domains")).text, "the session is of both"
        account = await routes_once_live(pipeline, asking)
        page = (await here.get(ACCOUNTS)).text
        assert account in page
        assert "becoming live" not in page
        await failures_are_counted_by_both(one, there)
        await one_is_killed(one, asking)
        assert DOMAIN in (await there.get("/domains")).text, "the other serves on"


async def routes_once_live(pipeline: Pipeline, asking: httpx.AsyncClient) -> str:
    """A fax that arrives as soon as its account says that it is live is routed to it; the account's id."""
    async with pipeline.reader() as reader:
        account = await add(asking, NUMBERS_OF_DOMAIN[0])
        began = time.monotonic()
        await until_live(asking, account["account_id"])
        told(f"live after {time.monotonic() - began:.2f} s")
        events = await pipeline.hand_over([Incoming(CLEAN.read_bytes(), NUMBERS_OF_DOMAIN[0], "+12025550199", 1)])
        (way,) = await pipeline.ways(events, reader)
    assert way.decision is not None
    assert (way.decision.rule, way.decision.account_id) == ("portal", account["account_id"])
    last: FaxStatusChanged = way.steps[-1]
    told(f"routed {(last.at - way.steps[0].accepted_at).total_seconds():.2f} s after the fax was accepted")
    return str(account["account_id"])


async def one_is_killed(one: Worker, asking: httpx.AsyncClient) -> None:
    """Whatever the killed one has answered is there and goes live; the other goes on serving."""
    async with machine(one) as dying:
        adding = [asyncio.create_task(add(dying, number)) for number in NUMBERS_OF_DOMAIN[1:4]]
        await asyncio.wait(adding, return_when=asyncio.FIRST_COMPLETED)
        one.kill()
        done = await asyncio.gather(*adding, return_exceptions=True)
    answered = [each["account_id"] for each in done if isinstance(each, dict)]
    assert answered
    assert all(isinstance(each, dict | httpx.TransportError) for each in done)
    for account_id in answered:
        await until_live(asking, account_id)


async def failures_are_counted_by_both(one: Worker, there: httpx.AsyncClient) -> None:
    async with browser(one) as here, httpx.AsyncClient(base_url=there.base_url, follow_redirects=True) as fresh:
        statuses = [(await sign_in((here, fresh)[n % 2], "wrong")).status_code for n in range(PER_PAIR)]
        assert statuses == [401] * PER_PAIR
        assert (await sign_in(fresh)).status_code == 401, "held back"
        assert DOMAIN in (await there.get("/domains")).text, "whoever is signed in stays so"


def told(line: str) -> None:
    sys.stdout.write(f"an account added in the portal: {line}\n")
