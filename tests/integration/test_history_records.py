"""Records beside the faxes, kept as the history has them: on SQLite and PostgreSQL, the store in memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.decision import DELETED, Decision
from schemas.fax import FaxState, FaxStatusChanged
from schemas.keys import DECISION, HELD, RECORD, fax_prefix
from schemas.record import Record
from schemas.retention import FaxExpired
from services._runtime.blobs import ObjectStore
from services._runtime.database import connect, migrate
from services._runtime.history import History, Whose
from services._runtime.outcomes import DependencyAway
from services._runtime.settings import StoreSettings
from services.portal.history.adapters import Projection
from services.portal.history.rebuilding import ReadDays, rebuild
from services.portal.history.recording import Recorder
from services.portal.history.records import RecordSource
from services.portal.history.unrecorded import LEASE, Unrecorded
from tests.fakes import MemoryBlobs
from tests.providers.cluster import Cluster

NOW = datetime.now(UTC).replace(microsecond=0)
ACCOUNT = "account-1"


class Silent:
    def waiting(self, records: int) -> None:
        pass


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    opened = connect(database)
    await migrate(opened, "services._runtime.history")
    yield opened
    await opened.dispose()


@pytest.fixture
async def empty(tmp_path: Any) -> AsyncIterator[AsyncEngine]:
    """Another database, to be rebuilt."""
    opened = connect(f"sqlite:///{tmp_path}/empty.sqlite")
    await migrate(opened, "services._runtime.history")
    yield opened
    await opened.dispose()


def step(fax_id: UUID, version: int = 6, state: FaxState = "delivered", **more: Any) -> FaxStatusChanged:
    given: dict[str, Any] = {
        "fax_id": fax_id,
        "version": version,
        "state": state,
        "stage": "dialer",
        "at": NOW + timedelta(seconds=version),
        "direction": "sent",
        "accepted_at": NOW,
        "account_id": ACCOUNT,
        "domain": "one.example",
        "reseller": "r",
    }
    return FaxStatusChanged.model_validate(given | more)


def key(fax_id: UUID, accepted_at: datetime = NOW) -> str:
    return fax_prefix(accepted_at, fax_id) + RECORD


def gone(fax_id: UUID) -> FaxExpired:
    return FaxExpired(fax_id=fax_id, accepted_at=NOW, expired_at=NOW, objects=1, size=1)


def recorder(engine: AsyncEngine, store: MemoryBlobs, **more: Any) -> Recorder:
    return Recorder(Unrecorded(engine, **more), store, Silent())


async def test_a_record_tells_what_the_history_knows_once_the_fax_has_ended(engine: AsyncEngine) -> None:
    fax_id, underway, store = uuid4(), uuid4(), MemoryBlobs()
    told = [step(fax_id, 5, "dialling"), step(fax_id, 6, seconds=40)]
    await Projection(engine).write([*reversed(told), step(underway, 5, "dialling")])
    assert await recorder(engine, store).record() == 1
    assert store.objects.keys() == {key(fax_id)}
    record = Record.model_validate_json(store.objects[key(fax_id)])
    assert (record.state, record.steps) == ("delivered", tuple(told))
    assert await Unrecorded(engine).number() == 0

    await Projection(engine).write(told)
    assert await recorder(engine, store).record() == 0, "a repeat writes nothing anew"
    await Projection(engine).write([step(fax_id, 8, "emailed", recipient="a@example.com")])
    assert await recorder(engine, store).record() == 1
    assert [one.state for one in Record.model_validate_json(store.objects[key(fax_id)]).steps][-1] == "emailed"


async def test_while_the_store_is_away_records_wait_and_none_is_lost(engine: AsyncEngine) -> None:
    fax_id, store = uuid4(), MemoryBlobs()
    await Projection(engine).write([step(fax_id)])
    store.away = True
    with pytest.raises(DependencyAway, match="object-store"):
        await recorder(engine, store).record()
    assert await Unrecorded(engine).number() == 1
    store.away = False
    later = datetime.now(UTC) + LEASE * 2
    assert await recorder(engine, store, now=lambda: later).record() == 1
    assert key(fax_id) in store.objects


class Slow(MemoryBlobs):
    """Its `put` waits until it may go on, as a store would that has the request and takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        self.begun.set()
        await self.go.wait()
        await super().put(key, data, media_type)


async def test_an_older_record_never_comes_over_a_newer_one(engine: AsyncEngine) -> None:
    """The fax changes while one process writes its record: no other may write until that is over."""
    fax_id, store = uuid4(), Slow()
    await Projection(engine).write([step(fax_id)])
    writing = asyncio.create_task(recorder(engine, store).record())
    await store.begun.wait()
    await Projection(engine).write([step(fax_id, 8, "emailed", recipient="a@example.com")])
    assert await recorder(engine, store).record() == 0, "it is the first one's"
    store.go.set()
    assert await writing == 1
    assert await recorder(engine, store).record() == 1
    assert len(Record.model_validate_json(store.objects[key(fax_id)]).steps) == 2


@pytest.mark.parametrize("too_late", [False, True])
async def test_whoever_was_stopped_as_it_wrote_a_record_has_it_written_anew(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, too_late: bool
) -> None:
    """Another had its place meanwhile, and wrote a newer one."""
    monkeypatch.setattr("services.portal.history.recording.WRITING", timedelta(seconds=0.5 if too_late else 30))
    fax_id, store, quick = uuid4(), Slow(), MemoryBlobs()
    quick.objects = store.objects
    await Projection(engine).write([step(fax_id)])
    stopped = asyncio.create_task(recorder(engine, store).record())
    await store.begun.wait()
    await Projection(engine).write([step(fax_id, 8, "emailed", recipient="a@example.com")])
    later = datetime.now(UTC) + LEASE * 2
    assert await recorder(engine, quick, now=lambda: later).record() == 1
    if not too_late:
        store.go.set()
    await asyncio.gather(stopped, return_exceptions=True)
    assert await recorder(engine, quick).record() == 1
    assert len(Record.model_validate_json(store.objects[key(fax_id)]).steps) == 2


async def test_a_fax_that_expires_while_its_record_is_written_leaves_none(engine: AsyncEngine) -> None:
    fax_id, store = uuid4(), Slow()
    await Projection(engine).write([step(fax_id)])
    writing = asyncio.create_task(recorder(engine, store).record())
    await store.begun.wait()
    await Projection(engine).remove([gone(fax_id)])
    store.go.set()
    await writing
    assert key(fax_id) in store.objects, "it was too late to stop it"
    assert await recorder(engine, store).record() == 1
    assert store.objects == {}
    await Projection(engine).write([step(fax_id, 9, "failed")])
    assert await recorder(engine, store).record() == 0


async def test_no_record_of_a_fax_that_is_older_than_anything_may_be(engine: AsyncEngine) -> None:
    old, store = NOW - timedelta(days=365) + timedelta(hours=1), MemoryBlobs()
    fax_id = uuid4()
    await Projection(engine, lambda: NOW - timedelta(hours=2)).write(
        [step(fax_id, accepted_at=old - timedelta(hours=2))]
    )
    assert await recorder(engine, store).record() == 1
    assert store.objects == {}


async def test_a_history_made_of_records_is_the_history(engine: AsyncEngine, empty: AsyncEngine) -> None:
    """Faxes of several days, one of them on hold, one without a record, one that a person deleted."""
    store, faxes = MemoryBlobs(), [uuid4() for _ in range(8)]
    dates = [NOW - timedelta(days=number * 50) for number in range(8)]
    for fax_id, day in zip(faxes, dates, strict=True):
        await Projection(engine).write([step(fax_id, 5, "dialling", accepted_at=day), step(fax_id, accepted_at=day)])
    await recorder(engine, store).record()
    held = key(faxes[3], dates[3])
    store.objects[HELD + held] = store.objects.pop(held)
    undecided, deleted = uuid4(), uuid4()
    await store.put(fax_prefix(NOW, undecided) + DECISION, decision(undecided), "application/json")
    await store.put(fax_prefix(NOW, deleted) + DECISION, decision(deleted, DELETED), "application/json")
    await store.put(fax_prefix(NOW, uuid4()) + RECORD, b"{}", "application/json")
    await store.put("fax/2026/99/01/x/" + RECORD, b"{}", "application/json")
    told: list[tuple[str, int, int]] = []
    source = RecordSource(store, ReadDays(empty))

    await rebuild(Projection(empty), [source], lambda *progress: told.append(progress))
    rows = (await History(engine).faxes(Whose(domain="one.example"))).rows
    rebuilt = (await History(empty).faxes(Whose(domain="one.example"))).rows
    assert [row for row in rebuilt if row.fax_id != undecided] == rows
    assert [row.rule for row in rebuilt if row.fax_id == undecided] == ["allowed"]
    assert await History(empty).fax(deleted) is None
    for fax_id in faxes:
        assert await History(empty).steps(fax_id) == await History(engine).steps(fax_id)
    assert told[-1] == ("records", 8, 8)
    assert await Unrecorded(empty).number() == 0, "what was read of records needn't be written to them"


def decision(fax_id: UUID, rule: str = "allowed") -> bytes:
    status = step(fax_id, 3, "routed", rule=rule, domain=None, reseller=None)
    made = Decision(rule=rule, why="", decided_at=NOW, status=status, domain="one.example", reseller="r")
    return made.model_dump_json(exclude_none=True).encode()


async def test_a_day_has_more_faxes_than_one_listing_of_the_store(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the real store, which lists 1,000 at a time."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    store, prefix = ObjectStore(StoreSettings()), f"busy/{uuid4()}/"
    assert await store.folders(prefix) == []
    limit = asyncio.Semaphore(32)

    async def put(number: int) -> str:
        async with limit:
            await store.put(f"{prefix}{number:04}/{RECORD}", b"{}", "application/json")
        return f"{prefix}{number:04}/"

    folders = await asyncio.gather(*map(put, range(1_010)))
    assert await store.folders(prefix) == folders
    await store.delete(folders[0] + RECORD)
    await store.delete(folders[0] + RECORD)
    assert await store.get(folders[0] + RECORD) is None
    assert await store.get(folders[1] + RECORD) == b"{}"


async def test_whose_a_fax_is_is_read_from_its_decision_where_no_step_told_it(engine: AsyncEngine) -> None:
    """As of a fax from before steps did: a row without a domain, a record that says no more, and a decision."""
    fax_id, store = uuid4(), MemoryBlobs()
    nobodys: dict[str, Any] = {"domain": None, "reseller": None}
    told = [step(fax_id, 3, "routed", rule="allowed", **nobodys), step(fax_id, 6, **nobodys)]
    await Projection(engine).write(told)
    await recorder(engine, store).record()
    await store.put(fax_prefix(NOW, fax_id) + DECISION, decision(fax_id), "application/json")
    await rebuild(Projection(engine), [RecordSource(store, ReadDays(engine))], lambda *_: None)
    row = await History(engine).fax(fax_id)
    assert row is not None
    assert (row.domain, row.reseller, row.state) == ("one.example", "r", "delivered")
    assert len(await History(engine).steps(fax_id)) == 2
    await recorder(engine, store).record()
    assert Record.model_validate_json(store.objects[key(fax_id)]).steps[0].domain == "one.example"


async def test_a_rebuilding_that_was_stopped_goes_on(engine: AsyncEngine) -> None:
    store, faxes = MemoryBlobs(), [uuid4() for _ in range(3)]
    for number, fax_id in enumerate(faxes):
        day = NOW - timedelta(days=10 - number)
        record = Record(
            fax_id=fax_id, direction="sent", accepted_at=day, state="delivered", steps=(step(fax_id, accepted_at=day),)
        )
        await store.put(key(fax_id, day), record.model_dump_json().encode(), "application/json")

    class Stopped(Exception):  # noqa: N818 - a test's
        pass

    def stop(_source: str, done: int, _total: int) -> None:
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        await rebuild(Projection(engine), [RecordSource(store, ReadDays(engine))], stop)
    read = await ReadDays(engine).read()
    assert read == {(NOW - timedelta(days=10 - number)).date() for number in range(2)}
    for fax_id, ago in zip(faxes[:2], (10, 9), strict=True):
        del store.objects[key(fax_id, NOW - timedelta(days=ago))]
        store.objects[fax_prefix(NOW - timedelta(days=ago), fax_id) + "x"] = b""
    await rebuild(Projection(engine), [RecordSource(store, ReadDays(engine))], lambda *_: None)
    assert {row.fax_id for row in (await History(engine).faxes(ACCOUNT)).rows} == set(faxes)
    await ReadDays(engine).forget()
    assert await ReadDays(engine).read() == set[date]()


async def test_a_record_that_knows_less_than_the_database_is_written_anew(engine: AsyncEngine) -> None:
    fax_id, store = uuid4(), MemoryBlobs()
    record = Record(
        fax_id=fax_id, direction="sent", accepted_at=NOW, state="failed", steps=(step(fax_id, 6, "failed"),)
    )
    await store.put(key(fax_id), record.model_dump_json().encode(), "application/json")
    await Projection(engine).write([step(fax_id, 7, "delivered")])
    await recorder(engine, store).record()
    await store.put(key(fax_id), record.model_dump_json().encode(), "application/json")
    await rebuild(Projection(engine), [RecordSource(store, ReadDays(engine))], lambda *_: None)
    await recorder(engine, store).record()
    assert [one.state for one in Record.model_validate_json(store.objects[key(fax_id)]).steps] == [
        "failed",
        "delivered",
    ]
