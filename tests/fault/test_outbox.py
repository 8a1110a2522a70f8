"""The outbox: what is committed is published, in order for each key, whoever is killed meanwhile. On both databases."""

import asyncio
import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxStatusChanged
from services._runtime import relaying
from services._runtime.database import connect, transaction
from services._runtime.metrics import shown_in
from services._runtime.outbox import BATCH, Outbox
from services._runtime.publisher import Message, Publisher, PublishUnknown
from services._runtime.relaying import Relay
from services._runtime.service import Resources
from services._runtime.settings import KafkaSettings, StageSettings
from services._runtime.sole_relay import StillAlone, alone
from tests.fakes import Linked
from tests.fault.outbox_relay import TABLE
from tests.fault.workers import Worker, eventually, workers
from tests.providers.postgres import Postgres

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KILLS = 2
FAXES = [uuid5(UUID(int=0), str(one)) for one in range(5)]


@dataclass
class Topics:
    """`Publishes` in a list; what is `away` is left unconfirmed."""

    messages: list[Message] = field(default_factory=list)
    away: bool = False
    refused: int = 0

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            self.refused += 1
            raise PublishUnknown("switched off in a test")
        self.messages += messages


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(database)
    async with transaction(engine) as connection:
        await connection.run_sync(TABLE.metadata.create_all)
    yield engine
    await engine.dispose()


def step(fax: int, version: int) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=FAXES[fax],
        version=version,
        state="at-device",
        stage="ata",
        at=NOW,
        direction="received",
        accepted_at=NOW,
    )


def outbox(engine: AsyncEngine, topics: Topics) -> Outbox:
    return Outbox(engine, TABLE, topics, source="tests")


async def write(engine: AsyncEngine, events: Sequence[FaxStatusChanged], box: Outbox) -> None:
    async with transaction(engine) as connection:
        await box.put(connection, events, NOW)
    box.wake()


async def came(topics: Topics, number: int) -> None:
    """So many messages were published, within a bound."""
    await until(lambda: len(topics.messages) >= number)


async def until(check: Callable[[], bool]) -> None:
    """It holds, within a bound."""
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0.02)


async def emptied(engine: AsyncEngine) -> None:
    """The outbox holds nothing, within a bound."""
    async with asyncio.timeout(60):
        while True:
            async with transaction(engine) as connection:
                if not await connection.scalar(select(func.count()).select_from(TABLE)):
                    return
            await asyncio.sleep(0.05)


def versions(lines: Sequence[bytes]) -> dict[str, list[int]]:
    """The versions of each fax in the order they were published."""
    found = defaultdict(list)
    for line in lines:
        event = json.loads(line)
        found[event["fax_id"]].append(event["version"])
    return dict(found)


def without_repeats(numbers: Sequence[int]) -> list[int]:
    """The first of each number."""
    return list(dict.fromkeys(numbers))


async def test_a_drained_outbox_is_empty_and_in_order(engine: AsyncEngine) -> None:
    topics = Topics()
    box = outbox(engine, topics)
    await write(engine, [step(fax, version) for version in range(1, 4) for fax in (0, 1)], box)
    assert await box.drain() == 6
    assert await box.drain() == 0
    found = versions([one.value or b"" for one in topics.messages])
    assert found == {str(FAXES[0]): [1, 2, 3], str(FAXES[1]): [1, 2, 3]}
    assert {one.key for one in topics.messages} == {str(FAXES[0]).encode(), str(FAXES[1]).encode()}
    assert dict(topics.messages[0].headers)["ce_type"] == b"nativefax.FaxStatusChanged.v1"


async def test_what_a_failed_transaction_put_is_never_published(engine: AsyncEngine) -> None:
    box = outbox(engine, Topics())

    async def fail() -> None:
        async with transaction(engine) as connection:
            await box.put(connection, [step(0, 1)], NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await box.drain() == 0


async def test_what_kafka_did_not_confirm_stays(engine: AsyncEngine) -> None:
    topics = Topics(away=True)
    box = outbox(engine, topics)
    await write(engine, [step(0, 1)], box)
    with pytest.raises(PublishUnknown):
        await box.drain()
    topics.away = False
    assert await box.drain() == 1


async def test_the_relay_goes_on_when_kafka_is_back(engine: AsyncEngine) -> None:
    topics = Topics(away=True)
    box = outbox(engine, topics)
    relay = asyncio.create_task(Relay(box, Linked()).run())
    await write(engine, [step(0, 1), step(0, 2)], box)
    await asyncio.sleep(0)
    topics.away = False
    await came(topics, 2)
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)


async def test_a_process_that_kafka_does_not_confirm_leaves_the_outbox_to_another(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and takes no turn again before Kafka has answered it."""
    monkeypatch.setattr(relaying, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(relaying, "REST_SECONDS", 0.2)
    topics, link, others = Topics(away=True), Linked(), Topics()
    cut_off = Relay(outbox(engine, topics), link)
    await write(engine, [step(0, 1)], outbox(engine, topics))
    relays = [asyncio.create_task(cut_off.run())]
    await until(lambda: topics.refused > 0)
    link.away = True
    relays.append(asyncio.create_task(Relay(outbox(engine, others), Linked()).run()))
    await came(others, 1)
    assert cut_off.waits() == ["tests: Kafka doesn't confirm the outbox's events"]
    assert topics.messages == []
    link.away = False
    await until(lambda: not cut_off.waits())
    for one in relays:
        one.cancel()
    await asyncio.gather(*relays, return_exceptions=True)


async def test_a_process_whose_producer_is_broken_though_kafka_answers_it_ends(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever supervises it starts another, with another producer."""
    monkeypatch.setattr(relaying, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(relaying, "REST_SECONDS", 0.01)
    topics = Topics(away=True)
    box = outbox(engine, topics)
    await write(engine, [step(0, 1)], box)
    with pytest.raises(PublishUnknown):
        async with asyncio.timeout(20):
            await Relay(box, Linked()).run()
    assert topics.refused == relaying.REFUSALS


async def test_a_process_tells_how_old_what_waits_is_and_that_kafka_does_not_confirm(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(relaying, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(relaying, "REST_SECONDS", 0.02)
    link, box, registry = Linked(away=True), outbox(engine, Topics()), CollectorRegistry()

    def age() -> float:
        return registry.get_sample_value("nativefax_outbox_oldest_seconds") or 0

    async with AsyncExitStack() as stack:
        kafka = KafkaSettings(bootstrap="nowhere:1")
        publisher = Publisher(kafka, source="tests", confirm_seconds=1)
        own = stack.enter_context(shown_in(registry))
        resources = Resources(kafka, StageSettings(), stack, own, publisher)
        relaying.relay(resources, box, link)
        assert (age(), resources.waits[0]()) == (0, [])
        await write(engine, [step(0, 1)], box)
        await until(lambda: age() > 0 and resources.waits[0]() != [])
        assert abs(age() - (datetime.now(UTC) - NOW).total_seconds()) < 60
        link.away = False
        await until(lambda: age() == 0 and resources.waits[0]() == [])
    assert registry.get_sample_value("nativefax_outbox_oldest_seconds") is None, "a start that fails is repeated"


async def test_the_relay_goes_on_when_the_database_is_back(postgres: Postgres, postgres_url: str) -> None:
    engine = connect(postgres_url)
    async with transaction(engine) as connection:
        await connection.run_sync(TABLE.metadata.create_all)
    topics = Topics()
    box = outbox(engine, topics)
    relay = asyncio.create_task(Relay(box, Linked()).run())
    for number, down in enumerate((postgres.stop, postgres.kill), 1):
        await write(engine, [step(0, number)], box)
        await came(topics, number)
        down()
        postgres.start()
    assert not relay.done()
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    await engine.dispose()


async def test_relays_that_are_killed_lose_nothing_and_keep_the_order(
    engine: AsyncEngine, database: str, tmp_path: Path
) -> None:
    """Two relay; the one at work is killed, and then the other, while events are written."""
    file = published_to(tmp_path)
    box = outbox(engine, Topics())
    expected: list[int] = []
    killed: set[int] = set()
    with relays(tmp_path, database, file, 2) as started:
        for _ in range(KILLS):
            begun = file.stat().st_size
            for _ in range(3):  # more than one batch, in several transactions
                more = range(len(expected), len(expected) + BATCH // 10)
                await write(engine, [step(fax, version + 1) for version in more for fax in range(5)], box)
                expected += [version + 1 for version in more]
            eventually("somebody relays", lambda begun=begun: file.stat().st_size > begun)  # type: ignore[misc]
            victim = next(one for one in started if one.pid == at_work(file))
            killed.add(victim.kill())
            victim.ready()  # starts it anew
        await emptied(engine)
    found = versions(published(file))
    assert {fax: without_repeats(numbers) for fax, numbers in found.items()} == {str(one): expected for one in FAXES}
    assert len(killed) == KILLS


async def test_a_relay_that_falls_silent_is_replaced_and_finds_out(engine: AsyncEngine) -> None:
    async with alone(engine, silent_seconds=2) as first:
        assert await first()
        replaced = False
        async with asyncio.timeout(30):
            while not replaced:
                async with alone(engine, silent_seconds=2) as second:
                    replaced = await second()
                    assert not (replaced and await _relays(first))
                await asyncio.sleep(0.1)
    async with alone(engine) as third:
        assert await third(), "whoever stopped relaying holds nothing"


async def test_whoever_is_replaced_between_reading_and_publishing_publishes_nothing(engine: AsyncEngine) -> None:
    topics = Topics()
    box = outbox(engine, topics)
    await write(engine, [step(0, 1)], box)

    async def no_longer() -> bool:
        return False

    assert await box.drain(no_longer) == 0
    assert topics.messages == []
    assert await box.drain() == 1


async def test_a_relay_that_could_not_begin_holds_nothing(postgres_url: str) -> None:
    engine, other = connect(postgres_url), connect(postgres_url)
    with pytest.raises(SQLAlchemyError):
        async with alone(engine, silent_seconds=1e9):  # more than the server knows: it fails with the lock taken
            pass
    async with alone(other) as still_alone:
        assert await still_alone()
    await engine.dispose()
    await other.dispose()


async def _relays(still_alone: StillAlone) -> bool:
    try:
        return await still_alone()
    except SQLAlchemyError:  # its session is gone
        return False


async def test_of_two_relays_one_works(engine: AsyncEngine, database: str, tmp_path: Path) -> None:
    file = published_to(tmp_path)
    box = outbox(engine, Topics())
    with relays(tmp_path, database, file, 2) as started:
        for version in range(1, 4):
            await write(engine, [step(fax, version) for fax in range(5)], box)
            number = 5 * version
            eventually("it is published", lambda number=number: len(published(file)) == number)  # type: ignore[misc]
        await emptied(engine)  # else the next one would publish again what the first hasn't deleted yet
        (first,) = [one for one in started if one.pid == at_work(file)]
        first.send(signal.SIGTERM)
        await write(engine, [step(0, 4)], box)
        eventually("the other goes on", lambda: at_work(file) != first.pid)
    assert len(published(file)) == 16


def published_to(folder: Path) -> Path:
    """An empty file."""
    file = folder / "published"
    file.touch()
    return file


def relays(folder: Path, database: str, file: Path, number: int) -> AbstractContextManager[list[Worker]]:
    """So many processes that relay into `file`."""
    surroundings = {"OUTBOX_DATABASE": database, "OUTBOX_FILE": str(file)}
    return workers(folder, surroundings, [["-m", "tests.fault.outbox_relay"]] * number)


def published(file: Path) -> list[bytes]:
    """The events in the file."""
    return [line.split(b" ", 1)[1] for line in _whole(file)]


def at_work(file: Path) -> int:
    """The process that wrote last."""
    return int(_whole(file)[-1].split(b" ", 1)[0])


def _whole(file: Path) -> list[bytes]:
    """The lines that a killed process did not cut off."""
    return [line for line in file.read_bytes().splitlines() if line.endswith(b"}")]
