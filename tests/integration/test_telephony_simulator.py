"""The simulator as a process, on Kafka and the store, with real T.30 calls."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.telephony import journal, kept
from schemas.base import StoredObject
from schemas.envelope import decode
from schemas.telephony import DialMode, DialRequested, TelephonyDialResult
from schemas.topics import TELEPHONY_DIAL_RESULT
from services._runtime.blobs import ObjectStore
from services._runtime.kafka import client_options
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from tests.data import pages
from tests.data.pages import pixels
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster

pytestmark = pytest.mark.needs("libspandsp2")

KEY = "fax/2026/11/24/dialled.tif"
THREE_PAGES = pages.FOLDER / "three_pages.tif"


@pytest.fixture(scope="module")
def environment(cluster: Cluster, kafka: KafkaSettings) -> dict[str, str]:
    return cluster.environment


@pytest.fixture
async def publisher(kafka: KafkaSettings) -> AsyncIterator[Publisher]:
    await ObjectStore(StoreSettings()).put(KEY, THREE_PAGES.read_bytes(), "image/tiff")
    made = Publisher(kafka, source="tests", confirm_seconds=20)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `running` keeps its calls."""
    return tmp_path_factory.mktemp("simulator")


@pytest.fixture(scope="module")
def running(environment: dict[str, str], folder: Path) -> Iterator[Worker]:
    """The simulator, whose calls take a tenth of their line time."""
    own = {"NATIVEFAX_SIMULATOR_PACE": "0.1", "NATIVEFAX_SIMULATOR_FOLDER": str(folder / "telephony")}
    with workers(folder, {**environment, **own}, [["-m", "deploy.local.telephony"]]) as (worker,):
        yield worker


class Results:
    """The results that are told from when it is opened."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.seen: list[TelephonyDialResult] = []

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Results"]:
        async with AIOKafkaConsumer(**client_options(KafkaSettings()), auto_offset_reset="earliest") as consumer:
            topic = TELEPHONY_DIAL_RESULT
            partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            for partition in partitions:
                await consumer.position(partition)
            yield cls(consumer)

    async def of(self, *requests: DialRequested, times: int = 1, seconds: float = 40) -> list[TelephonyDialResult]:
        """So many results of each request, in the order they came."""
        wanted = {one.attempt_id for one in requests}
        deadline = time.monotonic() + seconds
        while len(found := [one for one in self.seen if one.attempt_id in wanted]) < times * len(requests):
            assert time.monotonic() < deadline, f"{len(found)} of {times * len(requests)} results"
            taken = await self._consumer.getmany(timeout_ms=200)
            events = [decode(TELEPHONY_DIAL_RESULT, one.headers, one.value) for many in taken.values() for one in many]
            self.seen += [one for one in events if isinstance(one, TelephonyDialResult)]
        return found


def request(destination: str, mode: DialMode | None = None, *, first_page: int = 1, valid: float = 60) -> DialRequested:
    return DialRequested(
        fax_id=uuid4(),
        version=4,
        attempt_id=uuid4(),
        attempt=1,
        destination=destination,
        caller_number="+12025550112",
        document=StoredObject(key=KEY, size=THREE_PAGES.stat().st_size, media_type="image/tiff"),
        pages=3,
        first_page=first_page,
        subaddress="12",
        mode=mode or DialMode(resolution="standard"),
        not_after=datetime.now(UTC) + timedelta(seconds=valid),
        longest_call_seconds=600,
    )


def lines(folder: Path, *asked: DialRequested) -> list[dict[str, Any]]:
    """What the journal says of these attempts."""
    ids = {str(one.attempt_id) for one in asked}
    return [line for line in journal.read(folder / "telephony" / "calls.jsonl") if line["attempt_id"] in ids]


@pytest.mark.usefixtures("running")
async def test_pages_arrive_bit_for_bit_and_both_ends_tell(publisher: Publisher, folder: Path) -> None:
    whole, rest = request("+12025550101"), request("+12025550102", DialMode(ecm=False, v17=False), first_page=3)
    cut, busy, late = request("+12025550168"), request("+12025550160"), request("+12025550103", valid=-1)
    asked = [whole, rest, cut, busy, late]
    async with Results.open() as results:
        await publisher.publish_events(asked)
        told = {one.attempt_id: one for one in await results.of(*asked)}
        await publisher.publish_events(asked)
        again = await results.of(*asked, times=2)
    assert sorted(map(repr, again)) == sorted(map(repr, 2 * list(told.values())))
    sent = pixels(THREE_PAGES)
    found = {call.attempt_id: call for call in kept.calls(folder / "telephony")}
    for one, expected in ((whole, sent), (rest, sent[2:]), (cut, sent[:2])):
        file = found[one.attempt_id].file
        assert file == folder / "telephony" / "far-end" / one.destination / f"{one.attempt_id}.tif"
        arrived = pixels(file)
        assert len(arrived) == len(expected)
        assert all(np.array_equal(*pair) for pair in zip(arrived, expected, strict=True))
    assert found[busy.attempt_id].file is None
    report = told[whole.attempt_id].call
    assert (report.result_code, report.pages_transferred, report.ecm, report.bit_rate) == (0, 3, True, 14400)
    assert (report.station_id, told[whole.attempt_id].pages_total) == ("+12025550101", 3)
    report = told[rest.attempt_id].call
    assert (report.result_code, report.pages_transferred, report.ecm, report.bit_rate) == (0, 1, False, 9600)
    assert (told[cut.attempt_id].call.result_code, told[cut.attempt_id].call.pages_transferred) == (49, 2)
    assert (told[busy.attempt_id].call.hangup_cause, told[busy.attempt_id].call.result_code) == (17, None)
    assert told[late.attempt_id].outcome == "not-started"
    began = [line["attempt_id"] for line in lines(folder, *asked) if "at_once" in line]
    assert sorted(began) == sorted(str(one.attempt_id) for one in (whole, rest, cut, busy))


async def test_a_call_in_which_the_process_was_killed_is_not_placed_again(
    publisher: Publisher, running: Worker, folder: Path
) -> None:
    asked = request("+12025550101")
    async with Results.open() as results:
        await publisher.publish_events([asked])
        await asyncio.to_thread(eventually, "the call has begun", lambda: bool(lines(folder, asked)))
        running.kill()
        await asyncio.to_thread(eventually, "it is started again", running.ready)
        (result,) = await results.of(asked)
        await publisher.publish_events([asked])
        assert await results.of(asked, times=2) == [result, result]
    assert result.outcome == "ended"
    assert (result.call.result_code, result.call.pages_transferred) == (None, None)
    assert [line["what"] for line in lines(folder, asked)] == ["began", "ended"]


async def test_two_calls_to_one_number_at_once_are_seen(publisher: Publisher, running: Worker, folder: Path) -> None:
    asked = [request("+12025550101"), request("+12025550101")]
    async with Results.open() as results:
        await publisher.publish_events(asked)
        told = await results.of(*asked)
    assert running.metric("nativefax_calls_at_once_total") == 1
    assert sorted(one.call.hangup_cause or 0 for one in told) == [16, 17]
    assert len(journal.violations(folder / "telephony" / "calls.jsonl")) == 1
