"""The stage runtime against real faults, on a trivial stage. Each test also sees that its fault hit something."""

import asyncio
import signal
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import encode
from schemas.retention import FaxExpired
from services._runtime import topic_admin
from services._runtime.kafka import client_options
from services._runtime.publisher import Message, Publisher
from services._runtime.settings import KafkaSettings
from tests.fault.echo_stage import ECHO
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster

COMMAND = ["-m", "tests.fault.echo_stage"]
KEYS = 10


@dataclass
class Echoes:
    """One test's view of the trivial stage: what it sent, what came of it."""

    folder: Path
    kafka: KafkaSettings
    environment: dict[str, str]

    @property
    def file(self) -> Path:
        return self.folder / "effects"

    def run(self, number: int = 1, **more: str) -> AbstractContextManager[list[Worker]]:
        environment = {**self.environment, "ECHO_FILE": str(self.file), **more}
        return workers(self.folder, environment, [COMMAND] * number)

    async def send(self, number: int) -> list[FaxExpired]:
        now = datetime.now(UTC)
        events = [
            FaxExpired(
                fax_id=uuid4(), account_id=f"key-{one % KEYS}", accepted_at=now, expired_at=now, objects=0, size=0
            )
            for one in range(number)
        ]
        await self.publish([message(event) for event in events])
        return events

    async def publish(self, messages: list[Message]) -> None:
        publisher = Publisher(self.kafka, source="tests", confirm_seconds=20)
        await publisher.start()
        await publisher.publish(messages)
        await publisher.stop()

    def effects(self, what: str) -> list[tuple[str, str, int]]:
        """(key, fax id, pid) of each effect that `began` or `ended`, in order."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        told = [line.split() for line in lines if line.startswith(what)]
        return [(key, fax, int(pid)) for _, key, fax, pid in told]

    def ended(self, events: list[FaxExpired]) -> bool:
        return {str(event.fax_id) for event in events} <= {fax for _, fax, _ in self.effects("ended")}

    def repeated(self) -> set[str]:
        return {fax for fax, times in Counter(fax for _, fax, _ in self.effects("ended")).items() if times > 1}

    def in_order(self, events: list[FaxExpired]) -> bool:
        """Whether each key's first effects came in the order in which they were sent."""
        for key in {event.account_id for event in events}:
            sent = [str(event.fax_id) for event in events if event.account_id == key]
            seen = list(dict.fromkeys(fax for of, fax, _ in self.effects("ended") if of == key))
            if [fax for fax in seen if fax in set(sent)] != sent:
                return False
        return True


def message(event: FaxExpired) -> Message:
    value, headers = encode(event, source="tests", at=datetime.now(UTC))
    return Message(ECHO.name, ECHO.key_of(event), value, tuple(headers))


async def dead_letters(kafka: KafkaSettings) -> list[dict[str, bytes]]:
    async with AIOKafkaConsumer(**client_options(kafka), auto_offset_reset="earliest") as consumer:
        partition = TopicPartition(ECHO.dead_letters, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        await consumer.seek_to_beginning(partition)
        found: list[dict[str, bytes]] = []
        while await consumer.position(partition) < end:
            taken = await consumer.getmany(partition, timeout_ms=500)
            found += [{**dict(record.headers), "value": record.value or b""} for record in taken.get(partition, [])]
        return found


@pytest.fixture(scope="module")
def kafka(kafka: KafkaSettings) -> KafkaSettings:
    topic_admin.apply_now(kafka, (ECHO,))
    return kafka


@pytest.fixture
def echoes(tmp_path: Path, kafka: KafkaSettings, cluster: Cluster) -> Echoes:
    return Echoes(tmp_path, kafka, cluster.environment)


async def test_each_event_has_one_effect_in_the_order_of_its_key(echoes: Echoes) -> None:
    with echoes.run(2) as pair:
        events = await echoes.send(100)
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
    assert not echoes.repeated()
    assert echoes.in_order(events)
    assert {pid for *_, pid in echoes.effects("ended")} == {one.pid for one in pair}


async def test_a_killed_worker_loses_nothing(echoes: Echoes) -> None:
    with echoes.run(2, ECHO_SLOW="0.05") as (victim, _):
        events = await echoes.send(150)
        await asyncio.to_thread(
            eventually,
            "the victim is at work",
            lambda: sum(pid == victim.pid for *_, pid in echoes.effects("began")) > 5,
        )
        killed = victim.kill()
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
    ended = {(fax, pid) for _, fax, pid in echoes.effects("ended")}
    open_claims = {fax for _, fax, pid in echoes.effects("began") if pid == killed and (fax, pid) not in ended}
    assert open_claims, "the kill hit no effect"
    assert not echoes.repeated()


async def test_workers_that_come_and_go_lose_and_repeat_nothing(echoes: Echoes) -> None:
    with echoes.run(1, ECHO_SLOW="0.02") as first:
        events = await echoes.send(100)
        with echoes.run(2, ECHO_SLOW="0.02") as more:
            events += await echoes.send(100)
            await asyncio.to_thread(eventually, "some more effects", lambda: len(echoes.effects("ended")) > 125)
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
        pids = {pid for *_, pid in echoes.effects("ended")}
        assert len(pids & {one.pid for one in (*first, *more)}) > 1, "nothing was rebalanced"
    assert not echoes.repeated()


async def test_a_worker_stopped_past_its_session_repeats_only_what_it_held(echoes: Echoes) -> None:
    with echoes.run(2, ECHO_SLOW="0.1") as (sleeper, _):
        events = await echoes.send(150)
        await asyncio.to_thread(
            eventually,
            "the sleeper is at work",
            lambda: sum(pid == sleeper.pid for *_, pid in echoes.effects("began")) > 5,
        )
        sleeper.send(signal.SIGSTOP)
        held = {fax for _, fax, pid in echoes.effects("began") if pid == sleeper.pid}
        asleep = len(echoes.effects("ended"))
        await asyncio.to_thread(eventually, "the other took over", lambda: _others_had(echoes, held, sleeper.pid))
        sleeper.send(signal.SIGCONT)
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
    assert len(echoes.effects("ended")) > asleep
    assert echoes.repeated() <= held


def _others_had(echoes: Echoes, held: set[str], pid: int) -> bool:
    return any(fax in held and other != pid for _, fax, other in echoes.effects("began"))


async def test_poison_is_set_aside_with_its_reason_and_stops_nobody(echoes: Echoes) -> None:
    before = len(await dead_letters(echoes.kafka))
    good = message((await echoes.send(1))[0])
    headers = good.headers
    poison = {
        "malformed-headers": Message(
            ECHO.name, b"key-1", good.value, (("ce_specversion", b"1.0"), ("ce_type", b"\xff"))
        ),
        "unknown-event-type": Message(
            ECHO.name, b"key-1", good.value, (("ce_specversion", b"1.0"), ("ce_type", b"nativefax.Nothing.v1"))
        ),
        "malformed-json": Message(ECHO.name, b"key-1", b"{", headers),
        "schema-violation": Message(ECHO.name, None, b'{"fax_id": 5, "more": 1}', headers),
        "message-too-large": Message(ECHO.name, b"key-1", b"{" + b" " * 17 * 1024 + b"}", headers),
    }
    with echoes.run() as (worker,):
        await echoes.publish(list(poison.values()))
        events = await echoes.send(20)
        await asyncio.to_thread(eventually, "the good ones' effects", partial(echoes.ended, events))
        await asyncio.to_thread(
            eventually,
            "the dead letters",
            lambda: worker.metric("nativefax_messages_total", outcome="dead-letter") >= 5,
        )
    letters = (await dead_letters(echoes.kafka))[before:]
    assert {one["nf-reason"].decode(): one["value"] for one in letters} == {
        reason: one.value for reason, one in poison.items()
    }
    assert all(
        one["nf-stage"] == b"echo" and one["nf-topic"] == b"echo" and one["nf-offset"].isdigit() for one in letters
    )


async def test_while_a_dependency_is_away_nobody_pays_an_attempt(echoes: Echoes, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.touch()
    with echoes.run(ECHO_AWAY=str(away)) as (worker,):
        events = await echoes.send(60)
        await asyncio.to_thread(eventually, "the pause", lambda: worker.metric("nativefax_paused") == 1)
        assert not echoes.effects("began")
        away.unlink()
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
        assert worker.metric("nativefax_messages_total", outcome="retry") == 0
        assert worker.metric("nativefax_paused") == 0
    assert not echoes.repeated()
    assert echoes.in_order(events)


async def test_a_broker_killed_and_restarted_loses_nothing(echoes: Echoes, cluster: Cluster) -> None:
    with echoes.run(1, ECHO_SLOW="0.05") as (worker,):
        events = await echoes.send(300)
        await asyncio.to_thread(eventually, "the worker is at work", lambda: len(echoes.effects("ended")) > 20)
        await asyncio.to_thread(cluster.kill, "kafka")
        unfinished = not echoes.ended(events)
        await asyncio.to_thread(cluster.start, "kafka")
        # ready() starts it anew if the broker was away for longer than a publish may take
        await asyncio.to_thread(eventually, "every effect", lambda: worker.ready() and echoes.ended(events), 90)
    assert unfinished, "the broker was killed when all was done"
    assert not echoes.repeated()


async def test_a_worker_asked_to_end_finishes_and_commits_its_batch(echoes: Echoes) -> None:
    with echoes.run(1, ECHO_SLOW="0.3") as (worker,):
        events = await echoes.send(60)
        await asyncio.to_thread(eventually, "the worker is at work", lambda: bool(echoes.effects("began")))
        started = time.monotonic()
        await asyncio.to_thread(worker.end)
        assert time.monotonic() - started < 15
        assert len(echoes.effects("began")) == len(echoes.effects("ended")), "an effect was cut short"
        assert not echoes.ended(events), "all was done before the end was asked for"
    with echoes.run(1):
        await asyncio.to_thread(eventually, "every effect", partial(echoes.ended, events))
    assert not echoes.repeated()
