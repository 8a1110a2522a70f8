"""Uploads that no event told of become faxes, unclaimed: on the real store, and the backlog on real Kafka."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import Event
from schemas.fax import FaxStatusChanged, ReceivedFaxReady
from schemas.keys import ORIGINAL, fax_prefix
from schemas.telephony import StrandedUpload, TelephonyFaxReceived
from schemas.topics import TELEPHONY_FAX_RECEIVED
from services._runtime import topic_admin
from services._runtime.decision import decide_once
from services._runtime.kafka import client_options
from services._runtime.outcomes import Done
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services.ingest.documents.unreadable import UnreadableDocument
from services.ingest.handlers import ReceivedFaxes
from services.retention.adapters import Bucket
from services.retention.backlog import LONGEST, Backlog
from services.retention.scheduler import Scheduler
from services.retention.telling import Told
from services.router.domain import decide
from services.router.handlers import Router
from tests.fault.pipeline import CLEAN, Pipeline
from tests.fault.workers import workers
from tests.integration.stored_faxes import StoredFaxes, empty, new_bucket
from tests.providers.cluster import Cluster

DATA = b"II*\0 the same bytes as uploaded"


class Published:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish_events(self, events: Sequence[Event]) -> None:
        self.events += events

    def uploads(self) -> list[StrandedUpload]:
        return [event for event in self.events if isinstance(event, StrandedUpload)]


@pytest.fixture(scope="module")
def bucket(cluster: Cluster) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=False) as settings:
        yield settings


@pytest.fixture
def stored(bucket: StoreSettings) -> Iterator[StoredFaxes]:
    found = StoredFaxes(bucket)
    found.now = datetime.now(UTC) + timedelta(minutes=10)  # ahead: the store's clock decides
    yield found
    empty(bucket)


def key_of(stored: StoredFaxes, name: str, *, days_ago: int = 0) -> str:
    return f"incoming/{stored.now - timedelta(days=days_ago):%Y/%m/%d}/{name}.tif"


def scheduler(
    stored: StoredFaxes, published: Published, registry: CollectorRegistry | None = None, *, behind: bool = False
) -> Scheduler:
    parts, told = stored.parts(), Told(registry or CollectorRegistry())

    async def ingest_is_behind() -> bool:
        return behind

    return Scheduler(
        bucket=parts.bucket,
        planner=parts.planner,
        claims=parts.claims,
        publisher=published,
        verification=None,
        uploads=parts.uploads,
        told=told,
        hour=2,
        now=lambda: stored.now,
        ingest_is_behind=ingest_is_behind,
    )


async def taken(stored: StoredFaxes, event: TelephonyFaxReceived | StrandedUpload) -> ReceivedFaxReady:
    """What the document worker says of an upload."""

    async def unreadable(*_given: object) -> None:
        raise UnreadableDocument("not-a-tiff")

    outcome = await ReceivedFaxes(stored.blobs, unreadable).handle(event)  # type: ignore[arg-type]
    assert isinstance(outcome, Done)
    ready = outcome.events[0]
    assert isinstance(ready, ReceivedFaxReady)
    return ready


class NoAccounts:
    async def look_up(self, fax_number: str) -> FaxAccount | RemovedAccount | None:
        raise AssertionError(f"whose is {fax_number}?")


async def test_an_upload_that_nobody_told_of_becomes_an_unclaimed_fax_once(stored: StoredFaxes) -> None:
    key = key_of(stored, "stranded")
    await stored.blobs.put(key, DATA, "image/tiff")
    await stored.a_second_later()
    published = Published()
    await scheduler(stored, published).watch_uploads()
    [event] = published.uploads()
    assert event.object_key == key
    fax, again = await taken(stored, event), await taken(stored, event)
    assert (fax.fax_id, fax.accepted_at, fax.called_number) == (again.fax_id, again.accepted_at, None)
    assert await stored.blobs.get(fax_prefix(fax.accepted_at, fax.fax_id) + ORIGINAL) == DATA
    outcome = await Router(NoAccounts(), stored.blobs).handle(fax)
    assert isinstance(outcome, Done)
    [status] = outcome.events
    assert isinstance(status, FaxStatusChanged)
    assert (status.state, status.reason, status.fax_number) == ("unclaimed", "number-unknown", None)
    await scheduler(stored, published).watch_uploads()
    assert len(published.uploads()) == 1, "it was taken, and was stranded again"


async def test_the_same_pages_of_another_call_are_no_copy(stored: StoredFaxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender faxes one document to two numbers; the second call's event is lost, and its fax must not be."""
    told, lost = key_of(stored, "told"), key_of(stored, "lost")
    for key in (told, lost):
        await stored.blobs.put(key, DATA, "image/tiff")
    call = TelephonyFaxReceived(
        switch_id="s", call_id="one", called_number="+15550100", received_at=stored.now, object_key=told
    )
    fax = await taken(stored, call)
    await stored.a_second_later()
    published = Published()
    await scheduler(stored, published).watch_uploads()
    assert published.uploads() == [], "as long as nothing is decided, it may be either's"
    await decide_once(stored.blobs, fax.accepted_at, fax.fax_id, decide(fax, None, stored.now))
    for _ in range(2):
        await scheduler(stored, published).watch_uploads()
    assert {event.object_key for event in published.uploads()} == {lost}
    stored.now += timedelta(days=17)

    async def also_later(_bucket: Bucket) -> datetime:
        return stored.now

    monkeypatch.setattr(Bucket, "clock", also_later)
    await stored.parts().uploads.sweep(stored.now.date() - timedelta(days=17))
    assert stored.keys("incoming/") == [lost]


async def test_an_event_that_comes_late_makes_a_fax_of_its_own(stored: StoredFaxes) -> None:
    key = key_of(stored, "late")
    await stored.blobs.put(key, DATA, "image/tiff")
    late = TelephonyFaxReceived(
        switch_id="s", call_id="c", called_number="+15550100", received_at=stored.now, object_key=key
    )
    stranded = await taken(stored, StrandedUpload(object_key=key, uploaded_at=stored.now))
    told = await taken(stored, late)
    assert told.fax_id != stranded.fax_id
    assert told.called_number == "+15550100"
    for fax in (stranded, told):
        assert await stored.blobs.get(fax_prefix(fax.accepted_at, fax.fax_id) + ORIGINAL) == DATA


async def test_while_the_document_worker_is_behind_there_is_only_the_alarm(stored: StoredFaxes) -> None:
    await stored.blobs.put(key_of(stored, "waiting"), DATA, "image/tiff")
    await stored.a_second_later()
    published, registry = Published(), CollectorRegistry()
    await scheduler(stored, published, registry, behind=True).watch_uploads()
    assert registry.get_sample_value("nativefax_retention_uploads_without_fax") == 1
    assert published.events == []


async def test_an_upload_of_the_last_hour_is_left_alone(stored: StoredFaxes) -> None:
    stored.now += timedelta(hours=5)  # our clock is wrong: the store's says that it is new
    await stored.blobs.put(key_of(stored, "new"), DATA, "image/tiff")
    published = Published()
    await scheduler(stored, published).watch_uploads()
    assert published.events == []


async def test_a_key_that_is_none_of_ours_keeps_no_other_from_being_taken(stored: StoredFaxes) -> None:
    good = key_of(stored, "good")
    for key in (good, good.replace("good", "bad name,")):
        await stored.blobs.put(key, key.encode(), "image/tiff")
    await stored.a_second_later()
    published = Published()
    await scheduler(stored, published).watch_uploads()
    assert [event.object_key for event in published.uploads()] == [good]


async def test_the_daily_plan_finds_those_of_days_when_nobody_watched(stored: StoredFaxes) -> None:
    keys = {key_of(stored, f"old-{days}", days_ago=days) for days in (3, 9)}
    for key in keys:
        await stored.blobs.put(key, key.encode(), "image/tiff")
    await stored.a_second_later()
    published = Published()
    await scheduler(stored, published).plan_once()
    assert {event.object_key for event in published.uploads()} == keys


async def test_the_document_worker_is_behind_when_an_event_waits_for_long(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    kafka, reader = KafkaSettings(), f"reader-{uuid4()}"
    await asyncio.to_thread(topic_admin.apply_now, kafka)

    def backlog(ahead: timedelta = timedelta(0)) -> Backlog:
        return Backlog(kafka, lambda: datetime.now(UTC) + ahead, reader)

    await commit_all(kafka, reader)
    assert not await backlog(2 * LONGEST).behind(), "all is read"
    publisher = Publisher(kafka, source="tests", confirm_seconds=20)
    await publisher.start()
    await publisher.publish_events([StrandedUpload(object_key="incoming/x.tif", uploaded_at=datetime.now(UTC))])
    await publisher.stop()
    assert not await backlog().behind(), "it has only just come"
    assert await backlog(2 * LONGEST).behind()
    await commit_all(kafka, reader)
    assert not await backlog(2 * LONGEST).behind()


async def commit_all(kafka: KafkaSettings, group: str) -> None:
    partitions = [TopicPartition(TELEPHONY_FAX_RECEIVED.name, one) for one in range(TELEPHONY_FAX_RECEIVED.partitions)]
    async with AIOKafkaConsumer(**client_options(kafka), group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))


async def test_as_processes(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention strands an upload, the document worker takes it, the router keeps it."""
    with new_bucket(cluster.environment, versioned=False) as bucket:
        more = {"NATIVEFAX_STORE_BUCKET": bucket.bucket, "NATIVEFAX_RETENTION_STRANDED_AFTER_SECONDS": "0"}
        for name, value in {**cluster.environment, **more}.items():
            monkeypatch.setenv(name, value)
        stored, pipeline = StoredFaxes(bucket), Pipeline(cluster)
        await asyncio.to_thread(topic_admin.apply_now, pipeline.kafka)
        await commit_all(pipeline.kafka, "ingest")
        await stored.blobs.put(key_of(stored, "stranded"), CLEAN.read_bytes(), "image/tiff")
        await stored.a_second_later()
        commands = [["-m", "services", name] for name in ("ingest", "router", "retention")]
        async with pipeline.reader() as reader, asyncio.timeout(90):
            with workers(tmp_path, {**cluster.environment, **more}, commands):
                steps: list[FaxStatusChanged] = []
                while not any(step.state == "unclaimed" and step.fax_number is None for step in steps):
                    steps += await reader.take(0.5)
