"""kill -9 of the API at any byte of a submission: the client's retry makes one fax, and an accepted one stays."""

import asyncio
import contextlib
import random
import signal
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.identity import api_fax_id
from services._runtime.settings import KafkaSettings
from services._runtime.tokens import mint
from tests.fault.api_process import address_of, api_processes, check_one_fax, form, head, make_history, submitted
from tests.fault.pipeline import Pipeline
from tests.fault.workers import Worker, eventually
from tests.providers.cluster import Cluster
from tests.unit.api_world import account_of

NUMBER, ACCOUNT = "+12125550170", "acc-api-killed"
FILES = [b"%PDF-1.7 " + bytes(range(256)) * 800, b"second file " * 2000]
BODY = form(FILES, subject="Results", cover_text="Hello")
TOKEN = mint("killed")
CUT: set[UUID] = set()
"""The faxes of all tests here: they share a topic."""


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


class Cut:
    """One submission: after `sent` bytes of it, and `pause` seconds or its answer, its process is killed."""

    def __init__(self, worker: Worker, sent: int, pause: float) -> None:
        self.worker = worker
        self.key = str(uuid4())
        self.fax_id = api_fax_id(ACCOUNT, self.key)
        address = address_of(worker)
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._request = head(address, TOKEN, self.key, len(BODY)) + BODY
        self._sent = len(self._request) - sent if sent < 0 else sent
        self._pause = pause
        self.answer = b""

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(self._request[: self._sent])
        await writer.drain()
        answering = asyncio.create_task(reader.readline())
        await asyncio.wait([answering], timeout=self._pause)
        self.worker.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.worker.process.wait)
        with contextlib.suppress(ConnectionError):
            self.answer = await answering
            self.answer += await reader.read()
        writer.close()

    @property
    def accepted(self) -> bool:
        return self.answer.startswith(b"HTTP/1.1 202")


def positions(number: int, seed: int) -> list[tuple[int, float]]:
    """Where to cut, and how long to wait: at every part of the request, and while the last bytes are worked on."""
    chosen = random.Random(seed)
    length = len(head("http://127.0.0.1:8000", TOKEN, str(uuid4()), len(BODY))) + len(BODY)
    at_work = (10**9, chosen.uniform(0.0, 0.12))
    cuts = [(length - 1, 0.0), (10**9, 30.0), at_work, (chosen.randrange(1, 300), 0.0)]
    while len(cuts) < number:
        early = (chosen.randrange(length), chosen.choice((0.0, 0.01)))
        cuts += [early, (10**9, chosen.uniform(0.0, 0.12))]
    return cuts[:number]


async def cut_and_retry(worker: Worker, survivor: httpx.AsyncClient, sent: int, pause: float) -> Cut:
    """Cut one submission off, and repeat it at another process as its client would."""
    cut = Cut(worker, sent, pause)
    await cut.run()
    if cut.accepted:
        assert cut.fax_id in await submitted(KafkaSettings()), "an accepted fax was lost, but for its repeat"
    request = head("http://127.0.0.1", TOKEN, cut.key, len(BODY)).decode().split("\r\n")[2:-2]
    headers = dict(line.split(": ", 1) for line in request)
    answer = await survivor.post("/v1/faxes", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["id"]) == (202, str(cut.fax_id))
    if cut.accepted:
        assert answer.headers["idempotency-replayed"] == "true"
        assert answer.content.startswith(cut.answer.partition(b"\r\n\r\n")[2]), "as much of it as came"
    return cut


async def run_cuts(pipeline: Pipeline, folder: Path, rounds: list[list[tuple[int, float]]]) -> list[Cut]:
    await pipeline.publish_accounts(account_of(ACCOUNT, NUMBER, TOKEN))
    await make_history(folder)
    cuts: list[Cut] = []
    limits = {"NATIVEFAX_API_REQUESTS_BURST": "100000"}
    with api_processes(pipeline.cluster, folder, 1 + len(rounds[0]), **limits) as (surviving, *victims):
        async with httpx.AsyncClient(base_url=address_of(surviving), timeout=60) as survivor:
            for places in rounds:
                await asyncio.to_thread(
                    eventually, "every process is ready", lambda: all(one.ready() for one in victims)
                )
                cuts += await asyncio.gather(
                    *(cut_and_retry(worker, survivor, *place) for worker, place in zip(victims, places, strict=False))
                )
    return cuts


async def check(pipeline: Pipeline, cuts: list[Cut]) -> None:
    announced = await submitted(pipeline.kafka)
    for cut in cuts:
        await check_one_fax(cut.fax_id, announced.get(cut.fax_id, []), FILES, pipeline.blobs)
    CUT.update(cut.fax_id for cut in cuts)
    mine = {fax_id for fax_id, events in announced.items() if events[0].account_id == ACCOUNT}
    assert mine == CUT, "and no other fax came of them"


async def test_the_retry_makes_one_fax(pipeline: Pipeline, tmp_path: Path) -> None:
    cuts = await run_cuts(pipeline, tmp_path, [positions(3, seed=1)])
    assert [cut.accepted for cut in cuts] == [False, True, cuts[2].accepted]
    await check(pipeline, cuts)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
async def test_the_retry_makes_one_fax_wherever_it_was_cut(pipeline: Pipeline, tmp_path: Path) -> None:
    cuts = await run_cuts(pipeline, tmp_path, [positions(6, seed) for seed in range(15)])
    assert len(cuts) == 90
    await check(pipeline, cuts)
    accepted = sum(cut.accepted for cut in cuts)
    assert 0 < accepted < len(cuts), "some were cut before the answer, some after"
