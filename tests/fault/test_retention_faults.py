"""Retention while workers are killed and the store fails: what is due goes, nothing else does, and all is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from schemas.base import Event
from schemas.envelope import decode
from schemas.keys import HELD
from schemas.retention import FaxExpired, HoldChanged, RetentionRequested
from schemas.topics import FAX_EXPIRED, RETENTION_REQUESTED
from services._runtime import topic_admin
from services._runtime.blobs import ObjectStore
from services._runtime.kafka import client_options
from services._runtime.outcomes import DependencyAway, Done, RetryLater
from services._runtime.publisher import Publisher, message_of
from services._runtime.records import Record
from services._runtime.retries import ATTEMPT
from services._runtime.settings import KafkaSettings, StoreSettings
from services.retention.adapters import Bucket
from services.retention.calls import Calls
from tests.fault.faulty_store import Faults, faulty_store
from tests.fault.workers import eventually, workers
from tests.integration.stored_faxes import StoredFaxes, a_random_half, empty, new_bucket
from tests.providers.cluster import Cluster

TWO_DAYS = timedelta(days=2)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture(params=[False, True], ids=["plain", "versioned"])
def bucket(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=request.param) as settings:
        yield settings


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated requests wait for milliseconds."""
    monkeypatch.setattr("services.retention.calls.WAIT", lambda _state: 0.005)


def kill_after(step: int, patch: pytest.MonkeyPatch) -> None:
    """End the process when the store has carried out request number `step`: before its answer is acted on."""
    number = 0

    def killing(real: Any) -> Any:
        async def call(*given: Any, **named: Any) -> Any:
            nonlocal number
            number += 1
            mine = number
            try:
                return await real(*given, **named)
            finally:
                if mine >= step:
                    raise Killed

        return call

    patch.setattr(Calls, "__call__", killing(Calls.__call__))
    patch.setattr(ObjectStore, "_answer", killing(ObjectStore._answer))


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.chaos)])
async def test_killed_at_every_step(bucket: StoreSettings, every: int) -> None:
    """One fax is due, one is on hold, one was, one is young; killed at step 1, 2, 3… until it ends before."""
    step, killed = 1 - every, True
    while killed:
        step += every
        stored = StoredFaxes(bucket)
        when = stored.oldest - timedelta(days=1 + step)  # the store lists emptied folders for a while
        due, held = await stored.put_fax(when), await stored.put_fax(when)
        lifted, young = await stored.put_fax(when, above=HELD), await stored.put_fax(stored.now)
        stored.holds.scopes = {f"fax:{held}"}
        whole = {one: {key.removeprefix(HELD) for key in keys} for one, keys in stored.by_fax().items()}
        killed = await sweep_killed(stored, stored.task(when.date()), step)
        stored.now += timedelta(minutes=11)  # the lease of the dead worker's claims has ended
        await stored.sweep(stored.task(when.date()))
        left = stored.by_fax()
        assert due not in left
        assert left[held] == {HELD + key for key in whole[held]}
        assert left[young] == whole[young]
        assert left.get(lifted, whole[lifted]) == whole[lifted]
        gone = {due} if lifted in left else {due, lifted}
        assert {event.fax_id for event in stored.events} <= gone
        assert {event.fax_id for event in stored.everything} >= gone, "a fax went without a word"
        empty(bucket)
    assert step > 20, f"there were only {step} steps"


async def sweep_killed(stored: StoredFaxes, task: RetentionRequested, step: int) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        kill_after(step, patch)
        try:
            await stored.sweep(task)
        except Killed:
            return True
    return False


async def test_a_store_that_answers_503_now_and_then(bucket: StoreSettings, quick: None) -> None:
    faults = Faults(unavailable=lambda number: number % 3 == 0)
    with faulty_store(bucket, faults) as proxied:
        stored = StoredFaxes(bucket)
        faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 12)
        kept = await stored.put_fax(stored.now)
        through = StoredFaxes(proxied)
        await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert faults.requests > 10
    assert stored.faxes() == {kept}
    assert {event.fax_id for event in through.events} == set(faxes)


async def test_a_store_that_is_away_pauses_the_stage_and_the_tasks_go_on_after(
    bucket: StoreSettings, quick: None
) -> None:
    away = False
    faults = Faults(unavailable=lambda _number: away)
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 6)
    with faulty_store(bucket, faults) as proxied, pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.retention.sweep.LIMIT", 6)
        through = StoredFaxes(proxied)
        worker = through.worker()
        task = RetentionRequested(day=(stored.oldest - TWO_DAYS).date(), due_before=stored.oldest, fax_ids=tuple(faxes))
        deletes = 0
        real = Bucket.delete

        async def fails_after_two(self: Bucket, *files: Any) -> Any:
            nonlocal away, deletes
            deletes += 1
            away = deletes > 2
            return await real(self, *files)

        patch.setattr(Bucket, "delete", fails_after_two)
        outcome = await worker.handle(task)
        assert isinstance(outcome, Done), "what was done is told, the rest is asked for again"
        told = [event.fax_id for event in outcome.events if isinstance(event, FaxExpired)]
        rest = [event for event in outcome.events if isinstance(event, RetentionRequested)]
        assert told == faxes[: len(told)]
        assert rest[0].fax_ids == tuple(faxes[len(told) :])
        with pytest.raises(DependencyAway, match="object-store"):
            await worker.handle(rest[0])
        patch.setattr(Bucket, "delete", real)
        away = False
        await through.sweep(*rest, worker=worker)
    assert stored.faxes() == set()


async def test_a_store_that_drops_half_of_each_batch(bucket: StoreSettings, quick: None) -> None:
    faults = Faults()
    faults.refused = faults.half_of_a_batch_once
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 12)
    with faulty_store(bucket, faults) as proxied:
        through = StoredFaxes(proxied)
        assert not await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert faults.errors > 12
    assert stored.faxes() == set()
    assert {event.fax_id for event in through.events} == set(faxes)


async def test_an_object_that_is_never_deleted_ends_as_a_dead_letter_with_its_key(
    bucket: StoreSettings, quick: None
) -> None:
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 5)
    stuck = faxes[2]
    faults = Faults(refused=lambda key: key.endswith(f"{stuck}/document.pdf"))
    with faulty_store(bucket, faults) as proxied:
        through = StoredFaxes(proxied)
        [outcome] = await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert isinstance(outcome, RetryLater)
    assert outcome.reason == "objects-not-deleted"
    assert f"{stuck}/document.pdf" in outcome.detail
    assert stored.faxes() == {stuck}
    assert {event.fax_id for event in through.events} == set(faxes) - {stuck}
    assert any("accepted" in key for key in stored.of(stuck)), "its acceptance went before its document"


@pytest.fixture
def topics(cluster: Cluster) -> KafkaSettings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        settings = KafkaSettings()
    topic_admin.apply_now(settings)
    return settings


@asynccontextmanager
async def following(settings: KafkaSettings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of everything that comes from now on."""
    async with AIOKafkaConsumer(topic, **client_options(settings), auto_offset_reset="latest") as consumer:
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield consumer


async def read(consumer: AIOKafkaConsumer, done: Callable[[Record], bool], seconds: float = 60) -> list[Record]:
    """Records until `done` says so of one."""
    found: list[Record] = []
    async with asyncio.timeout(seconds):
        while not found or not done(found[-1]):
            found.append(await consumer.getone())
    return found


async def publish(settings: KafkaSettings, *events: Event) -> None:
    publisher = Publisher(settings, source="tests", confirm_seconds=30)
    await publisher.start()
    await publisher.publish_events(events)
    await publisher.stop()


RETENTION = ["-m", "services", "retention"]


def kill_one(stored: StoredFaxes, faxes: int, folder: Path, environment: dict[str, str]) -> int:
    """Run three workers until all is done, kill one of them three times; how many kills came before the end."""
    hit = 0
    with workers(folder, environment, [RETENTION] * 3) as started:
        for left in (0.9, 0.6, 0.3):
            eventually("some are gone", lambda left=left: len(stored.faxes()) < left * faxes)  # type: ignore[misc]
            hit += len(stored.faxes()) > 2
            started[0].kill()
            eventually("it is back", started[0].ready)
        eventually("all are gone", lambda: len(stored.faxes()) == 1, 90)
        assert sum(one.metric("nativefax_messages_total", outcome="done") > 0 for one in started) > 1, "nobody shared"
    return hit


@pytest.mark.chaos
async def test_workers_are_killed_while_the_scheduler_catches_up_with_weeks(
    cluster: Cluster, topics: KafkaSettings, tmp_path: Path
) -> None:
    """40 days of faxes are due. Three workers share them; one is killed again and again; a hold is set before."""
    with new_bucket(cluster.environment, versioned=False) as bucket:
        stored = StoredFaxes(bucket)
        faxes = await stored.put_faxes([stored.oldest - timedelta(days=1 + number % 40) for number in range(400)])
        held, young = await stored.put_fax(stored.oldest - TWO_DAYS), await stored.put_fax(stored.now)
        scope = f"fax:{held}"
        await publish(topics, HoldChanged(scope=scope, held=True, reason="test", by="test", at=stored.now))
        environment = cluster.environment | {
            "NATIVEFAX_STORE_BUCKET": bucket.bucket,
            "NATIVEFAX_RETENTION_OBJECTS_PER_SECOND": "120",
            "NATIVEFAX_RETENTION_FAXES_PER_TASK": "4",
        }
        async with following(topics, FAX_EXPIRED.name) as consumer:
            hit = await asyncio.to_thread(kill_one, stored, len(faxes), tmp_path, environment)
            waiting = set(faxes)

            def last(record: Record) -> bool:
                event = decode(FAX_EXPIRED, record.headers, record.value)
                assert isinstance(event, FaxExpired)
                assert event.fax_id in faxes, "a tombstone of a fax that stays"
                waiting.discard(event.fax_id)
                return not waiting

            told = await read(consumer, last)
        assert stored.faxes() == {young}
        assert len([key for key in stored.keys(HELD) if str(held) in key]) == 6
        await publish(topics, HoldChanged(scope=scope, held=False, reason="test", by="test", at=stored.now))
    assert hit >= 2, "the kills hit nothing"
    assert len(told) >= len(faxes)


async def test_a_task_whose_object_stays_ends_in_the_dead_letters(
    cluster: Cluster, topics: KafkaSettings, tmp_path: Path
) -> None:
    """The task comes as on its last attempt; the dead letter names the key."""
    with new_bucket(cluster.environment, versioned=False) as bucket:
        stored = StoredFaxes(bucket)
        when = stored.oldest - TWO_DAYS
        stuck = await stored.put_fax(when)
        faults = Faults(refused=lambda key: key.endswith("/original.tif"))
        with faulty_store(bucket, faults) as proxied:
            environment = cluster.environment | {
                "NATIVEFAX_STORE_BUCKET": bucket.bucket,
                "NATIVEFAX_STORE_ENDPOINT": proxied.endpoint,
                "NATIVEFAX_RETENTION_VERIFY": "false",
            }
            task = RetentionRequested(day=when.date(), due_before=stored.oldest, fax_ids=(stuck,))
            message = message_of(task, source="tests", at=stored.now)
            last = replace(message, headers=(*message.headers, (ATTEMPT, b"3")))
            async with following(topics, RETENTION_REQUESTED.dead_letters) as consumer:
                with workers(tmp_path, environment, [RETENTION]):
                    publisher = Publisher(topics, source="tests", confirm_seconds=30)
                    await publisher.start()
                    await publisher.publish([last])
                    await publisher.stop()
                    [letter] = await read(consumer, lambda _record: True)
        told = dict(letter.headers)
        assert told["nf-reason"] == b"objects-not-deleted"
        assert f"{stuck}/original.tif".encode() in (told["nf-detail"] or b"")
        assert any(key.startswith("accepted/") for key in stored.of(stuck))


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_20_000_objects_of_which_a_random_half_is_due(bucket: StoreSettings) -> None:
    await a_random_half(StoredFaxes(bucket), 3_400)
