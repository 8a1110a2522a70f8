"""The stage `history` as processes that are killed, on real Kafka and both databases."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from schemas.base import Event
from schemas.fax import FaxStatusChanged, TablePositionReported
from schemas.keys import RECORD, fax_prefix
from schemas.retention import FaxExpired
from schemas.topics import FAX_STATUS
from services._runtime.blobs import ObjectStore
from services._runtime.database import connect, migrate, transaction
from services._runtime.history import History
from services._runtime.history.tables import STEPS
from services._runtime.publisher import Message, Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.history import app
from services.portal.history.adapters import Projection
from tests.fault.workers import Worker, workers
from tests.providers.cluster import Cluster

COMMAND = ["-m", "services", "history"]
NOW = datetime.now(UTC)
VERSIONS = 6


@dataclass
class Projected:
    """A database that the stage's processes write and the test reads."""

    cluster: Cluster
    folder: Path
    url: str
    engine: AsyncEngine

    def stage(self, number: int = 1) -> AbstractContextManager[list[Worker]]:
        environment = {**self.cluster.environment, "NATIVEFAX_HISTORY_DATABASE": self.url}
        return workers(self.folder, environment, [COMMAND] * number)

    async def publish(self, events: Sequence[Event]) -> None:
        async with publishing() as publisher:
            await publisher.publish_events(events)

    async def number_of_steps(self, faxes: set[UUID]) -> int:
        async with transaction(self.engine) as connection:
            asked = select(func.count()).select_from(STEPS).where(STEPS.c.fax_id.in_(faxes))
            return await connection.scalar(asked) or 0


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    publisher = Publisher(KafkaSettings(), source="tests", confirm_seconds=20)
    await publisher.start()
    yield publisher
    await publisher.stop()


@asynccontextmanager
async def opened(cluster: Cluster, folder: Path, url: str) -> AsyncIterator[Projected]:
    engine = connect(url)
    await migrate(engine, "services._runtime.history")
    yield Projected(cluster, folder, url, engine)
    await engine.dispose()


@pytest.fixture
async def projected(cluster: Cluster, kafka: KafkaSettings, tmp_path: Path, database: str) -> AsyncIterator[Projected]:
    async with opened(cluster, tmp_path, database) as one:
        yield one


def steps_of(faxes: Sequence[UUID], account: str, accepted_at: datetime = NOW) -> list[FaxStatusChanged]:
    return [
        FaxStatusChanged(
            fax_id=fax_id,
            version=version,
            state="delivered" if version == VERSIONS else "dialling",
            stage="dialer",
            at=NOW + timedelta(seconds=version),
            direction="sent",
            accepted_at=accepted_at,
            account_id=account,
        )
        for version in range(1, VERSIONS + 1)
        for fax_id in faxes
    ]


async def eventually(what: str, check: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await check():  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {seconds:.0f} s: {what}")


@pytest.mark.parametrize("database", ["postgres", pytest.param("sqlite", marks=pytest.mark.chaos)], indirect=True)
async def test_killed_processes_miss_nothing_and_double_nothing(projected: Projected) -> None:
    faxes = [uuid4() for _ in range(500)]
    told = steps_of(faxes, "account")
    told += random.Random(1).sample(told, 500)  # as a killed stage would tell them again

    async def written() -> int:
        return await projected.number_of_steps(set(faxes))

    async def begun() -> bool:
        return await written() > 0

    async def complete() -> bool:
        return await written() >= len(faxes) * VERSIONS

    with projected.stage(2) as pair:
        await projected.publish(told)
        await eventually("something is written", begun)
        for one in pair:
            one.kill()
        hit = await written()
        for one in pair:
            one.ready()  # starts it anew
        await eventually("every step is written", complete, 90)
    assert hit < len(faxes) * VERSIONS, "all was done before the kill"
    assert await written() == len(faxes) * VERSIONS
    history = History(projected.engine)
    rows = [await history.fax(fax_id) for fax_id in faxes]
    assert Counter(row and (row.state, row.version) for row in rows) == {("delivered", VERSIONS): len(faxes)}


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.chaos)], indirect=True)
async def test_a_fax_from_its_first_step_to_its_expiry_and_a_new_database(
    projected: Projected, cluster: Cluster, tmp_path: Path
) -> None:
    """`old` is a fax that no topic tells of any more: only its record does."""
    account = f"account-{uuid4()}"
    kept, gone, late, old = (uuid4() for _ in range(4))
    history, store, long_ago = History(projected.engine), ObjectStore(StoreSettings()), NOW - timedelta(days=90)
    await Projection(projected.engine).write(steps_of([old], account, long_ago))

    async def both_there() -> bool:
        return {row.fax_id for row in (await history.faxes(account)).rows} == {kept, gone, old}

    async def one_there() -> bool:
        return {row.fax_id for row in (await history.faxes(account)).rows} == {kept, old}

    async def recorded() -> set[UUID]:
        dates = {kept: NOW, gone: NOW, old: long_ago}
        return {one for one, day in dates.items() if await store.get(fax_prefix(day, one) + RECORD)}

    async def all_recorded() -> bool:
        return await recorded() == {kept, gone, old}

    async def its_record_is_gone() -> bool:
        return await recorded() == {kept, old}

    position = TablePositionReported(instance="x", stage="router", at=NOW, positions={"0": 1})
    poison = Message(FAX_STATUS.name, str(kept).encode(), b"{", (("ce_specversion", b"1.0"), ("ce_type", b"x")))
    with projected.stage() as (worker,):
        async with publishing() as publisher:
            await publisher.publish([poison])
        await projected.publish([position, *steps_of([kept, gone], account)])
        await eventually("both are there", both_there)
        await eventually("all have a record", all_recorded)
        await projected.publish([FaxExpired(fax_id=gone, accepted_at=NOW, expired_at=NOW, objects=1, size=1)])
        await eventually("one is gone", one_there)
        await projected.publish([*steps_of([gone], account), *steps_of([late], f"{account}-late")])
        await eventually("what came later", lambda: _there(history, late))
        assert await one_there()
        await eventually("what is gone has no record", its_record_is_gone)
        assert worker.metric("nativefax_messages_total", stage="history", outcome="dead-letter") == 1
    restored = connect(f"sqlite:///{tmp_path}/restored.sqlite")
    told = await asyncio.to_thread(rebuilt_by_hand, f"sqlite:///{tmp_path}/restored.sqlite")
    assert "fax-status" in told
    assert "records" in told
    assert (await History(restored).faxes(account)).rows == (await history.faxes(account)).rows
    await restored.dispose()
    anew = tmp_path / "anew"
    anew.mkdir()
    async with opened(cluster, anew, f"sqlite:///{anew}/history.sqlite") as other:
        with other.stage():
            rebuilt = History(other.engine)
            assert (await rebuilt.faxes(account)).rows == (await history.faxes(account)).rows
            for one in (kept, old):
                assert await rebuilt.steps(one) == await history.steps(one) != []


def rebuilt_by_hand(url: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NATIVEFAX_HISTORY_DATABASE", url)
        done = CliRunner().invoke(app, ["rebuild"])
    assert done.exit_code == 0, done.output
    return done.output


async def _there(history: History, fax_id: UUID) -> bool:
    row = await history.fax(fax_id)
    return row is not None and row.version == VERSIONS
