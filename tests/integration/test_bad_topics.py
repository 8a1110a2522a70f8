"""Messages that nobody can handle, on every topic that a stage reads; and the good message behind them."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from schemas.topics import SWITCH, TOPICS, Topic
from services._runtime import topic_admin
from services._runtime.blobs import ObjectStore
from services._runtime.dead_letters import DeadLetterRecord, read
from services._runtime.kafka import client_options
from services._runtime.publisher import Message, Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services._runtime.stage import Stage
from tests.fault.pipeline import CLEAN, Pipeline
from tests.integration.stored_faxes import new_bucket
from tests.providers.cluster import Cluster
from tests.providers.stages import running

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
SERVICES = ("ingest", "router", "dialer", "email_out", "ingest.ata", "portal.history", "retention")
"""Those that read topics; the test fails when there is a topic that none of them reads."""

SECONDS = 60
GOOD = ("test-good", b"yes")


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path) -> Iterator[KafkaSettings]:
    """The cluster with a bucket and databases of this test's own."""
    with pytest.MonkeyPatch.context() as patch, new_bucket(cluster.environment, versioned=False) as bucket:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        patch.setenv("NATIVEFAX_STORE_BUCKET", bucket.bucket)
        for name in ("HISTORY", "ATA", "DIALER"):
            patch.setenv(f"NATIVEFAX_{name}_DATABASE", f"sqlite:///{tmp_path}/{name}.sqlite")
        topic_admin.apply_now(KafkaSettings())
        yield KafkaSettings()


@asynccontextmanager
async def publishing(kafka: KafkaSettings) -> AsyncIterator[Publisher]:
    publisher = Publisher(kafka, source="tests", confirm_seconds=20)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


def example(topic: Topic, mark: bytes) -> Message:
    """A golden message of `topic` that asks for work today."""
    stored = json.loads((EXAMPLES / f"{topic.events[0].__name__}.json").read_text())
    headers = tuple((name, text.encode()) for name, text in stored["headers"].items())
    return Message(topic.name, mark, json.dumps(_of_today(stored["value"])).encode(), headers)


def _of_today(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _of_today(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_of_today(one) for one in value]
    if name in {"fax_id", "attempt_id"}:
        return str(uuid4())
    if name in {"deadline", "not_after"}:
        return (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return datetime.now(UTC).isoformat() if name.endswith("_at") or name == "at" else value


def keys(value: Any, name: str = "") -> Iterator[str]:
    """The objects that an event names."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from keys(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from keys(one)
    elif name in {"key", "object_key"}:
        yield value


def poison(topic: Topic, mark: bytes) -> dict[str, Message]:
    """One message for each way to be wrong, by the reason it must be set aside with."""
    good = example(topic, mark)
    value = good.value or b""
    told = json.loads(value)
    wrong = {name: (5 if isinstance(field, str) else "5") for name, field in told.items()}
    return {
        "malformed-json": replace(good, value=value[:-1]),
        "malformed-json (a tombstone)": replace(good, value=None),
        "malformed-json (not UTF-8)": replace(good, value=b'{"' + b"\xff\xfe" + value[2:]),
        "schema-violation": replace(good, value=json.dumps({**told, "unknown": 1}).encode()),
        "schema-violation (types)": replace(good, value=json.dumps(wrong).encode()),
        "schema-violation (a list)": replace(good, value=b"[" + value + b"]"),
        "message-too-large": replace(good, value=value + b" " * 17 * 1024),
        "unknown-event-type": replace(good, headers=(("ce_specversion", b"1.0"), ("ce_type", b"nativefax.Other.v1"))),
        "malformed-headers": replace(good, headers=(("ce_specversion", b"1.0"), ("ce_type", b"\xff\xfe"))),
        "malformed-headers (none)": replace(good, headers=()),
        "malformed-headers (UTF-16)": replace(
            good, headers=tuple((name, text.decode().encode("utf-16")) for name, text in good.headers)
        ),
    }


def by_another_client(topic: Topic, mark: bytes) -> dict[str, list[tuple[str, bytes | None]]]:
    """Headers that our own client wouldn't write, with which a message is set aside for its headers."""
    headers = [(name, value) for name, value in example(topic, mark).headers if name != "ce_type"]
    return {
        "malformed-headers (null)": [*headers, ("ce_type", None), ("nf-topic", None)],
        "malformed-headers (a name)": [*headers, (_Raw("ce_type"), b"x")],
    }


class _Raw(str):
    __slots__ = ()

    def encode(self, *_how: str) -> bytes:
        return b"\xff\xfe" + super().encode()


async def publish_raw(kafka: KafkaSettings, topic: Topic, mark: bytes, headers: Sequence[Any]) -> None:
    """Without the client's own checks, into the partition of `mark`."""
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        await producer.partitions_for(topic.name)
        partition = producer._partition(topic.name, None, None, None, mark, mark)
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, False, -1, -1, 0, 100_000)
        batch.append(timestamp=None, key=mark, value=b"{}", headers=headers)
        batch.close()
        await (await producer.send_batch(batch, topic.name, partition=partition))


async def eventually(what: str, check: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            while not await check():  # noqa: ASYNC110 - a stage makes it true
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(f"not within {SECONDS} s: {what}")


async def letters(kafka: KafkaSettings, topics: Iterable[Topic], mark: bytes) -> list[DeadLetterRecord]:
    return [one for one in await read(kafka, [topic.name for topic in topics]) if one.key == mark]


def test_every_topic_that_we_read_is_swept() -> None:
    """Also when there are more stages one day: `consumers` of the contract says who reads."""
    ours = {topic for topic in TOPICS if not topic.compacted and topic.consumers != (SWITCH,)}
    named = {name.rpartition(".")[2] for name in SERVICES}
    assert {consumer for topic in ours for consumer in topic.consumers} <= named


async def test_what_cant_be_read_is_set_aside_on_every_topic_and_the_next_good_message_goes_through(
    cluster: Cluster, settings: KafkaSettings
) -> None:
    mark = f"poison-{uuid4()}".encode()
    async with publishing(settings) as publisher, running(settings, SERVICES) as read_by:
        ours = {topic for topic in TOPICS if not topic.compacted and topic.consumers != (SWITCH,)}
        assert set(read_by) == ours, "a topic is read by nobody here"
        for topic in read_by:
            await _publish(settings, publisher, topic, mark)
        sent = sum(len(_bad(topic, mark)) for topic in read_by)

        async def all_there() -> bool:
            return len(await letters(settings, read_by, mark)) >= sent

        await eventually("all is set aside", all_there)
        for topic, stage in read_by.items():
            await eventually(f"{stage.name} went on", lambda: _caught_up(cluster, topic, stage))  # noqa: B023
        found = await letters(settings, read_by, mark)
        for topic, stage in read_by.items():
            _check([one for one in found if one.topic == topic.name], topic, stage, mark)


def _bad(topic: Topic, mark: bytes) -> list[str]:
    return [name.split(" ")[0] for name in (*poison(topic, mark), *by_another_client(topic, mark))]


async def _publish(kafka: KafkaSettings, publisher: Publisher, topic: Topic, mark: bytes) -> None:
    """All the bad ones, then a good one, of which the objects are there."""
    good = example(topic, mark)
    blobs = ObjectStore(StoreSettings())
    for key in keys(json.loads(good.value or b"")):
        await blobs.put(key, CLEAN.read_bytes(), "image/tiff")
    await publisher.publish(list(poison(topic, mark).values()))
    for headers in by_another_client(topic, mark).values():
        await publish_raw(kafka, topic, mark, headers)
    await publisher.publish([replace(good, headers=(*good.headers, GOOD))])


def _check(found: Sequence[DeadLetterRecord], topic: Topic, stage: Stage, mark: bytes) -> None:
    assert Counter(one.told("nf-reason") for one in found) == Counter(_bad(topic, mark)), topic.name
    assert {one.told("nf-stage") for one in found} == {stage.name}
    assert all(one.told("nf-detail") and one.told("nf-offset").isdigit() for one in found)
    assert not [one for one in found if GOOD in one.headers], f"{stage.name} set a good message aside"


async def _caught_up(cluster: Cluster, topic: Topic, stage: Stage) -> bool:
    return await Pipeline(cluster).uncommitted(stage.name, topic) == 0
