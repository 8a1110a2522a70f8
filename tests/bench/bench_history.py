"""The history at a million faxes: each query beside the bare one; projecting beside bare inserts.

A bare query is SQL with its values in the text, on the driver that we use too (aiosqlite; asyncpg with its own pool),
and gives the same Python values: UUIDs and instants. A query of few rows is told without a bound: beside 0.1 ms, what a
pool and a check of the connection take weighs.

python -m tests.bench history        NATIVEFAX_BENCH_QUICK=1 takes a tenth of the faxes
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosqlite
import asyncpg
from sqlalchemy.engine import make_url

from schemas.fax import FaxStatusChanged
from services._runtime.database import connect, migrate
from services._runtime.history import Cursor, History
from services._runtime.history.driver import fetch
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.portal.history.adapters import Projection
from services.portal.history.handlers import Projecting
from tests.fault.workers import workers
from tests.providers.postgres import Postgres

QUICK = bool(os.environ.get("NATIVEFAX_BENCH_QUICK"))
FAXES = 100_000 if QUICK else 1_000_000
ACCOUNTS = 4
"""The account asked about has a quarter of all."""

CORRESPONDENTS = 20_000
EVENTS = 10_000 if QUICK else 30_000
AT_ONCE = 256
ROUNDS = 60
VERSIONS = 5
SECONDS = 300
START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "account-0"
LIMIT = 100
"""The largest page that the HTTP API gives."""

MOST, LEAST_EVENTS = 2.0, 1_000

COLUMNS = (
    "fax_id, account_id, direction, state, accepted_at, updated_at, version, fax_number, other_party, pages, "
    "pages_announced, partial, reason, rule"
)
NEWEST = f"ORDER BY accepted_at DESC, fax_id DESC LIMIT {LIMIT + 1}"
MIDDLE = START + timedelta(minutes=FAXES // 2)
INSERT_STEP = "INSERT INTO bare VALUES (?, ?, ?, ?)"

Query = Callable[[History], Awaitable[Any]]


@dataclass(frozen=True)
class Case:
    """A question, as we ask it and as SQL; `{moment}` and `{fax_id}` are values as the database keeps them."""

    name: str
    ask: Query
    where: str
    bound: float | None = MOST


CASES = (
    Case("list", lambda history: history.faxes(ACCOUNT, limit=LIMIT), "TRUE"),
    Case(
        "list, from the middle on",
        lambda history: history.faxes(ACCOUNT, after=Cursor(MIDDLE, UUID(int=0)), limit=LIMIT),
        "(accepted_at, fax_id) < ({moment}, {fax_id})",
    ),
    Case(
        "filter",
        lambda history: history.faxes(ACCOUNT, direction="sent", states=["failed"], until=MIDDLE, limit=LIMIT),
        "direction = 'sent' AND state = 'failed' AND accepted_at < {moment}",
    ),
    Case(
        "search, a frequent number",
        lambda history: history.search(ACCOUNT, "555 0123", limit=LIMIT),
        "other_digits >= '3210555' AND other_digits < '3210555:'",
    ),
    Case(
        "search, a rare number",
        lambda history: history.search(ACCOUNT, "777 0777", limit=LIMIT),
        "other_digits >= '7770777' AND other_digits < '7770777:'",
        bound=None,
    ),
)


def measurements() -> Iterator[dict[str, object]]:
    """Queries and projecting, on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured("SQLite", f"sqlite:///{folder}/history.sqlite"))
        yield _from_kafka("SQLite", f"sqlite:///{folder}/projected.sqlite", Path(folder))
    with _postgres() as url, tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured("PostgreSQL", url))
        yield _from_kafka("PostgreSQL", url, Path(folder))


@contextmanager
def _postgres() -> Iterator[str]:
    server = Postgres()
    try:
        server.open()
        yield server.url(server.create())
    finally:
        server.close()


async def _measured(kind: str, url: str) -> list[dict[str, object]]:
    engine = connect(url)
    await migrate(engine, "services._runtime.history")
    async with _bare(url) as bare:
        await bare.fill(list(_rows()))
        lines = [await _query(kind, case, History(engine), bare) for case in CASES]
        lines.append(await _projecting(kind, Projection(engine), bare))
    await engine.dispose()
    return lines


async def _query(kind: str, case: Case, history: History, bare: "Bare") -> dict[str, object]:
    """Both in turns, so that what else the machine does hits both."""
    statement = f"SELECT {COLUMNS} FROM faxes WHERE account_id = '{ACCOUNT}' AND {bare.filled_in(case.where)} {NEWEST}"
    assert len((await case.ask(history)).rows) == min(LIMIT, len(await bare.fetch(statement))) > 0
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(await _seconds(case.ask(history)))
        theirs.append(await _seconds(bare.fetch(statement)))
    value, reference = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    return {
        "name": f"history, {case.name}, {FAXES} faxes, {kind}",
        "value": round(value, 2),
        "unit": "ms",
        "reference": "the bare query",
        "reference_value": round(reference, 2),
        "ratio": round(value / reference, 2),
        "bound": case.bound,
        "ok": case.bound is None or value / reference <= case.bound,
    }


async def _seconds(work: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _projecting(kind: str, projection: Projection, bare: "Bare") -> dict[str, object]:
    """Steps of new faxes in the order of time, as many at once as the stage takes; beside inserts of the same bytes."""
    events = list(_events())
    projecting = Projecting(projection)

    async def all_of_them() -> None:
        for first in range(0, len(events), AT_ONCE):
            await asyncio.gather(*(projecting.status(event) for event in events[first : first + AT_ONCE]))

    rows = [(event.fax_id.hex, event.version, event.at.isoformat(), event.model_dump_json()) for event in events]
    reference = len(rows) / await _seconds(bare.insert(rows))
    value = len(events) / await _seconds(all_of_them())
    return {
        "name": f"history, projecting, {kind}",
        "value": round(value),
        "unit": "events/s",
        "reference": f"bare inserts, {AT_ONCE} a transaction",
        "reference_value": round(reference),
        "ratio": round(value / reference, 2),
        "bound": LEAST_EVENTS,
        "ok": value >= LEAST_EVENTS,
    }


def _from_kafka(kind: str, url: str, folder: Path) -> dict[str, object]:
    """One process of the stage, from the first message published to the last step written."""
    environment = {**os.environ, "NATIVEFAX_HISTORY_DATABASE": url}
    with workers(folder, environment, [["-m", "services", "history"]]):
        value = asyncio.run(_projected(url))
    return {
        "name": f"history, from Kafka to {kind}, one process",
        "value": round(value),
        "unit": "events/s",
        "reference": "what we ask of it",
        "reference_value": LEAST_EVENTS,
        "ratio": round(value / LEAST_EVENTS, 2),
        "bound": 1.0,
        "ok": value >= LEAST_EVENTS,
    }


async def _projected(url: str) -> float:
    account = f"account-{uuid4()}"
    events = [event.model_copy(update={"account_id": account}) for event in _events(random.randrange(2**60))]
    faxes = len({event.fax_id for event in events})
    engine = connect(url)
    publisher = Publisher(KafkaSettings(), source="bench", confirm_seconds=60)
    await publisher.start()
    began = time.perf_counter()
    await publisher.publish_events(events)
    done = f"SELECT count(*) FROM faxes WHERE account_id = {{}} AND version = {VERSIONS}"
    async with asyncio.timeout(SECONDS):
        while (await fetch(engine, done, [account]))[0][0] < faxes:  # noqa: ASYNC110 - the stage makes it true
            await asyncio.sleep(0.1)
    seconds = time.perf_counter() - began
    await publisher.stop()
    await engine.dispose()
    return len(events) / seconds


def _rows() -> Iterator[tuple[Any, ...]]:
    chosen = random.Random(1)
    for number in range(FAXES):
        at = START + timedelta(minutes=number)
        direction = "sent" if number % 3 else "received"
        state = chosen.choices(("delivered", "failed", "waiting-to-redial"), (90, 9, 1))[0]
        other = f"+1{chosen.randrange(CORRESPONDENTS):06d}{chosen.randrange(100):04d}"
        if number % (FAXES // 32) == 0:
            other = "+12127770777"
        elif number % 400 == 0:
            other = "+12125550123"
        account = f"account-{number % ACCOUNTS}"
        yield (
            UUID(int=chosen.getrandbits(128)),
            account,
            direction,
            state if direction == "sent" else "emailed",
            at,
            at,
            6,
            "+15550199",
            other,
            3,
            None,
            False,
            None,
            "allowed",
            other[:0:-1],
        )


def _events(seed: int = 2) -> Iterator[FaxStatusChanged]:
    chosen = random.Random(seed)
    for fax in range(EVENTS // VERSIONS):
        fax_id = UUID(int=chosen.getrandbits(128))
        for version in range(1, VERSIONS + 1):
            yield FaxStatusChanged(
                fax_id=fax_id,
                version=version,
                state="dialling",
                stage="dialer",
                at=START + timedelta(days=300, seconds=fax + version),
                direction="sent",
                accepted_at=datetime.now(UTC),
                account_id=ACCOUNT,
                other_party="+15550100",
            )


class Bare:
    """The driver that the runtime uses, without all that is above it."""

    def filled_in(self, where: str) -> str:
        """`where` with its values as literals."""
        raise NotImplementedError

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Fill the table `faxes`."""
        raise NotImplementedError

    async def fetch(self, statement: str) -> Sequence[Any]:
        """All rows."""
        raise NotImplementedError

    async def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert into a table of their own, `AT_ONCE` a transaction."""
        raise NotImplementedError


@asynccontextmanager
async def _bare(url: str) -> AsyncIterator[Bare]:
    if url.startswith("sqlite"):
        async with aiosqlite.connect(str(make_url(url).database), isolation_level=None) as connection:
            yield BareSqlite(connection)
        return
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        yield BarePostgres(pool)


@dataclass(frozen=True)
class BareSqlite(Bare):
    """SQLite by aiosqlite."""

    connection: aiosqlite.Connection

    def filled_in(self, where: str) -> str:
        return where.format(moment=f"'{_text(MIDDLE)}'", fax_id=f"'{UUID(int=0).hex}'")

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.connection.execute("PRAGMA journal_mode=WAL")
        marks = ", ".join("?" * len(rows[0]))
        await self.connection.execute("BEGIN")
        await self.connection.executemany(f"INSERT INTO faxes VALUES ({marks})", map(_for_sqlite, rows))
        await self.connection.execute("COMMIT")

    async def fetch(self, statement: str) -> Sequence[Any]:
        rows = await self.connection.execute_fetchall(statement)
        return [
            (UUID(fax), account, way, state, _moment(accepted), _moment(updated), *rest)
            for fax, account, way, state, accepted, updated, *rest in rows
        ]

    async def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.connection.execute("PRAGMA synchronous=FULL")
        await self.connection.execute("CREATE TABLE bare (fax_id TEXT, version INTEGER, at TEXT, event TEXT)")
        for first in range(0, len(rows), AT_ONCE):
            await self.connection.execute("BEGIN IMMEDIATE")
            await self.connection.executemany(INSERT_STEP, rows[first : first + AT_ONCE])
            await self.connection.execute("COMMIT")


@dataclass(frozen=True)
class BarePostgres(Bare):
    """PostgreSQL by asyncpg."""

    pool: Any

    def filled_in(self, where: str) -> str:
        return where.format(moment=f"'{MIDDLE.isoformat()}'::timestamptz", fax_id=f"'{UUID(int=0)}'::uuid")

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.pool.copy_records_to_table("faxes", records=rows)
        await self.pool.execute("VACUUM ANALYZE faxes")

    async def fetch(self, statement: str) -> Sequence[Any]:
        return list(await self.pool.fetch(statement))

    async def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.pool.execute("CREATE TABLE bare (fax_id TEXT, version INTEGER, at TEXT, event TEXT)")
        for first in range(0, len(rows), AT_ONCE):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.executemany("INSERT INTO bare VALUES ($1, $2, $3, $4)", rows[first : first + AT_ONCE])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _for_sqlite(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one.hex if isinstance(one, UUID) else _text(one) if isinstance(one, datetime) else one for one in row)
