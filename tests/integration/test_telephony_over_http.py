"""Telephony over HTTP as a process, with Kafka and the store: what is answered 202 becomes one fax, whatever dies."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.fax import FaxStatusChanged
from schemas.identity import received_fax_id
from schemas.keys import ORIGINAL, fax_prefix
from services._runtime.settings import KafkaSettings
from services._runtime.tokens import digest
from services.cli.following import StatusReader
from tests.fault.pipeline import CLEAN, Pipeline
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster

TOKEN = "token-of-fs-1"
SETTINGS = {
    "NATIVEFAX_TELEPHONY_SWITCHES": json.dumps({"fs-1": digest(TOKEN)}),
    "NATIVEFAX_STAGE_CONFIRM_SECONDS": "3",
}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """A switch from which files can be fetched."""
    with switch() as where:
        yield where


@pytest.fixture(scope="module")
def telephony(pipeline: Pipeline, host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Telephony over HTTP beside the document worker, for tests that leave them running."""
    names = ("NATIVEFAX_TELEPHONY_URL_HOSTS", "NATIVEFAX_TELEPHONY_HTTP_HOSTS")
    hosts = {name: json.dumps([host]) for name in names}
    networks = {"NATIVEFAX_TELEPHONY_URL_NETWORKS": '["127.0.0.0/8"]'}
    with running(pipeline, tmp_path_factory.mktemp("telephony"), "ingest", **hosts, **networks) as started:
        yield started


@contextmanager
def running(pipeline: Pipeline, folder: Path, *more: str, **settings: str) -> Iterator[Worker]:
    """Telephony over HTTP, which it returns, and the named stages."""
    commands = [["-m", "services", name] for name in ("telephony", *more)]
    with workers(folder, {**pipeline.cluster.environment, **SETTINGS, **settings}, commands) as started:
        yield started[0]


def page(worker: Worker) -> str:
    (file,) = worker.folder.glob(f"*-{worker.pid}.json")
    return str(json.loads(file.read_text())["address"]) + "/v1/telephony/received"


def event(number: str) -> dict[str, Any]:
    return {"call_id": f"call-to-{number}", "called_number": number, "received_at": "2026-11-24T12:00:00+00:00"}


def upload(where: str, number: str) -> httpx.Response:
    fax = {"file": ("fax.tif", CLEAN.read_bytes(), "image/tiff")}
    return httpx.post(where, headers=HEADERS, data={"event": json.dumps(event(number))}, files=fax, timeout=60)


async def the_one_fax(pipeline: Pipeline, reader: StatusReader, number: str, times: int = 1) -> list[FaxStatusChanged]:
    """The steps of the only fax to `number`, which was announced `times` times."""
    found: list[FaxStatusChanged] = []
    async with asyncio.timeout(60):
        while len(found) < times:
            found += [step for step in await reader.take(0.5) if step.fax_number == number and step.state == "ready"]
    fax_id = received_fax_id("fs-1", f"call-to-{number}", 0)
    assert {(step.fax_id, step.accepted_at) for step in found} == {(fax_id, found[0].accepted_at)}
    original = await pipeline.blobs.get(fax_prefix(found[0].accepted_at, fax_id) + ORIGINAL)
    assert original == CLEAN.read_bytes()
    return found


async def uploads(pipeline: Pipeline, number: str) -> int:
    keys = await pipeline.blobs.keys("incoming/")
    return sum(f"call-to-{number}-" in key for key in keys)


@contextmanager
def switch() -> Iterator[str]:
    """A switch from which files can be fetched; host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CLEAN.read_bytes())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


async def test_a_fax_comes_by_upload_and_by_url(pipeline: Pipeline, telephony: Worker, host: str) -> None:
    sent, fetched = "+15155550271", "+15155550272"
    where, before = page(telephony), telephony.metric("nativefax_telephony_requests_total", status="202")
    async with pipeline.reader() as reader:
        first = await asyncio.to_thread(upload, where, sent)
        again = await asyncio.to_thread(upload, where, sent)
        await the_one_fax(pipeline, reader, sent, times=2)
        body = {"event": event(fetched), "url": f"http://{host}/fax.tif"}
        async with httpx.AsyncClient(timeout=60) as client:
            by_url = await client.post(where, headers=HEADERS, json=body)
        await the_one_fax(pipeline, reader, fetched)
    assert telephony.metric("nativefax_telephony_requests_total", status="202") == before + 3
    assert [one.status_code for one in (first, again, by_url)] == [202, 202, 202]
    assert first.json() == again.json()
    assert await uploads(pipeline, sent) == 1


async def test_killed_in_the_middle_of_an_upload(pipeline: Pipeline, telephony: Worker) -> None:
    number = "+15155550273"
    half, dead = asyncio.Event(), asyncio.Event()

    async def body() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="event"\r\n\r\n'
        yield json.dumps(event(number)).encode()
        yield b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="fax.tif"\r\n\r\n'
        yield CLEAN.read_bytes()[:2000]
        half.set()
        await dead.wait()
        yield CLEAN.read_bytes()[2000:]

    headers = {**HEADERS, "Content-Type": "multipart/form-data; boundary=x"}
    async with httpx.AsyncClient(timeout=60) as client, pipeline.reader() as reader:
        posting = asyncio.create_task(client.post(page(telephony), headers=headers, content=body()))
        await half.wait()
        telephony.kill()
        dead.set()
        with pytest.raises(httpx.TransportError):
            await posting
        assert await uploads(pipeline, number) == 0
        await asyncio.to_thread(eventually, "it is started again", telephony.ready)
        assert (await asyncio.to_thread(upload, page(telephony), number)).status_code == 202
        await the_one_fax(pipeline, reader, number)


@pytest.mark.chaos
async def test_killed_between_store_and_kafka(pipeline: Pipeline, tmp_path: Path) -> None:
    number, refused = "+15155550274", "+15155550275"
    with running(pipeline, tmp_path, NATIVEFAX_STAGE_CONFIRM_SECONDS="5") as telephony:
        where = page(telephony)
        pipeline.cluster.stop("kafka")
        try:
            away = await asyncio.to_thread(upload, where, refused)
            assert (away.status_code, away.json()["type"]) == (503, "/problems/unconfirmed")
            assert int(away.headers["retry-after"]) > 0
            posting = asyncio.create_task(asyncio.to_thread(upload, where, number))
            async with asyncio.timeout(30):
                while await uploads(pipeline, number) == 0:  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.05)
            telephony.kill()
            with pytest.raises(httpx.TransportError):
                await posting
        finally:
            pipeline.cluster.start("kafka")
        await asyncio.to_thread(eventually, "it is started again", telephony.ready)
        async with pipeline.reader() as reader:
            with running(pipeline, tmp_path, "ingest"):
                for each in (number, refused):
                    assert (await asyncio.to_thread(upload, page(telephony), each)).status_code == 202
                await the_one_fax(pipeline, reader, number)
        assert await uploads(pipeline, number) == 1
