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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from schemas.fax import FaxStatusChanged
from services._runtime.database import connect, migrate
from services._runtime.history import Cursor, History, Page, Whose
from services._runtime.history.driver import fetch
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.portal.history.adapters import Projection
from services.portal.history.handlers import Projecting
from tests.bench.bare_history import AT_ONCE, COLUMNS, Bare, opened
from tests.fault.workers import workers
from tests.providers.postgres import Postgres

QUICK = bool(os.environ.get("NATIVEFAX_BENCH_QUICK"))
FAXES = 100_000 if QUICK else 1_000_000
ACCOUNTS = 4

CORRESPONDENTS = 20_000
EVENTS = 10_000 if QUICK else 30_000
ROUNDS, LEAST_ROUNDS, SLOW_SECONDS = 60, 5, 5.0
VERSIONS = 5
SECONDS = 300
START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "account-0"
LIMIT = 100
"""The largest page that the HTTP API gives."""

MOST, LEAST_EVENTS = 2.0, 1_000
MOST_OF_USAGE = 3.0
"""PostgreSQL adds up a large month with several processes if the query is nothing but that."""

NEWEST = f"ORDER BY accepted_at DESC, fax_id DESC LIMIT {LIMIT + 1}"
SPACING = timedelta(days=365) / FAXES
"""The faxes are those of a year."""

MIDDLE = START + SPACING * (FAXES // 2)
MONTH = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)

Query = Callable[[History, Whose], Awaitable[Page]]


@dataclass(frozen=True)
class Case:
    """A question, as we ask it and as SQL; `{moment}` and `{fax_id}` are values as the database keeps them."""

    name: str
    ask: Query
    where: str
    bound: float | None = MOST


CASES = (
    Case("list", lambda history, whose: history.faxes(whose, limit=LIMIT), "TRUE"),
    Case(
        "list, from the middle on",
        lambda history, whose: history.faxes(whose, after=Cursor(MIDDLE, UUID(int=0)), limit=LIMIT),
        "(accepted_at, fax_id) < ({moment}, {fax_id})",
    ),
    Case(
        "filter",
        lambda history, whose: history.faxes(whose, direction="sent", states=["failed"], until=MIDDLE, limit=LIMIT),
        "direction = 'sent' AND state = 'failed' AND accepted_at < {moment}",
    ),
    Case(
        "search, a frequent number",
        lambda history, whose: history.faxes(whose, number="555 0123", limit=LIMIT),
        "other_digits >= '3210555' AND other_digits < '3210555:'",
    ),
    Case(
        "search, a rare number",
        lambda history, whose: history.faxes(whose, number="777 0777", limit=LIMIT),
        "other_digits >= '7770777' AND other_digits < '7770777:'",
        bound=None,
    ),
    Case(
        "search and filter",
        lambda history, whose: history.faxes(
            whose, number="555 0123", direction="sent", states=["failed", "delivered"], until=MIDDLE, limit=LIMIT
        ),
        "other_digits >= '3210555' AND other_digits < '3210555:' AND direction = 'sent'"
        " AND state IN ('failed', 'delivered') AND accepted_at < {moment}",
    ),
)


@dataclass(frozen=True)
class Person:
    """Who asks, as we call them and as SQL."""

    name: str
    whose: Whose
    where: str


PEOPLE = (
    Person("an account", Whose(accounts=(ACCOUNT,)), f"account_id = '{ACCOUNT}'"),
    Person("two accounts", Whose(accounts=("account-1", "account-2")), "account_id IN ('account-1', 'account-2')"),
    Person("a domain", Whose(domain="domain-0"), "domain = 'domain-0'"),
    Person("a reseller", Whose(reseller="reseller-0"), "reseller = 'reseller-0'"),
)
"""A quarter of all faxes, a half, a half, and all."""

USAGE = """SELECT domain, account_id, direction,
    SUM(CASE WHEN direction = 'received' OR state = 'delivered' THEN 1 ELSE 0 END),
    SUM(CASE WHEN direction = 'received' OR state = 'delivered' THEN pages ELSE 0 END), SUM(seconds)
    FROM faxes WHERE {whose} AND accepted_at >= {first} AND accepted_at < {after}
    GROUP BY domain, account_id, direction"""


def measurements() -> Iterator[dict[str, object]]:
    """Queries and projecting, on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _each(_measured("SQLite", f"sqlite:///{folder}/history.sqlite"))
        yield _from_kafka("SQLite", f"sqlite:///{folder}/projected.sqlite", Path(folder))
    with _postgres() as url, tempfile.TemporaryDirectory() as folder:
        yield from _each(_measured("PostgreSQL", url))
        yield _from_kafka("PostgreSQL", url, Path(folder))


def _each(lines: AsyncIterator[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Each line as soon as it is measured."""
    with asyncio.Runner() as runner:
        while line := runner.run(anext(aiter(lines), {})):
            yield line


@contextmanager
def _postgres() -> Iterator[str]:
    server = Postgres()
    try:
        server.open()
        yield server.url(server.create())
    finally:
        server.close()


async def _measured(kind: str, url: str) -> AsyncIterator[dict[str, object]]:
    engine = connect(url)
    await migrate(engine, "services._runtime.history")
    reading = connect(url, reading=True)
    history = History(reading)
    async with opened(url) as bare:
        await bare.fill(list(_rows()))
        for case, person in product(CASES, PEOPLE):
            yield await _query(kind, case, person, history, bare)
        for person in PEOPLE:
            yield await _usage(kind, person, history, bare)
        yield await _projecting(kind, Projection(engine), bare)
    await reading.dispose()
    await engine.dispose()


async def _query(kind: str, case: Case, person: Person, history: History, bare: Bare) -> dict[str, object]:
    where = case.where.format(moment=bare.moment(MIDDLE), fax_id=bare.fax_id(UUID(int=0)))
    statement = f"SELECT {COLUMNS} FROM faxes WHERE {person.where} AND {where} {NEWEST}"
    ours = [row.fax_id for row in (await case.ask(history, person.whose)).rows]
    assert ours == [row[0] for row in await bare.faxes(statement)][:LIMIT] != []
    pair = await _beside(lambda: case.ask(history, person.whose), lambda: bare.faxes(statement))
    return _line(f"{case.name}, of {person.name}, {kind}", *pair, case.bound)


async def _usage(kind: str, person: Person, history: History, bare: Bare) -> dict[str, object]:
    first, after = map(bare.moment, MONTH)
    statement = USAGE.format(whose=person.where, first=first, after=after)
    faxes = sum(one.faxes for one in await history.usage(person.whose, *MONTH))
    assert faxes == sum(row[3] for row in await bare.fetch(statement)) > 0
    pair = await _beside(lambda: history.usage(person.whose, *MONTH), lambda: bare.fetch(statement))
    return _line(f"usage of a month, of {person.name}, {kind}", *pair, MOST_OF_USAGE)


async def _beside(ours: Callable[[], Awaitable[Any]], bare: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Both in turns, so that what else the machine does hits both; medians in milliseconds."""
    values: list[float] = []
    references: list[float] = []
    while len(values) < LEAST_ROUNDS or (len(values) < ROUNDS and sum(references) < SLOW_SECONDS):
        values.append(await _seconds(ours()))
        references.append(await _seconds(bare()))
    return statistics.median(values) * 1000, statistics.median(references) * 1000


def _line(name: str, value: float, reference: float, bound: float | None) -> dict[str, object]:
    return {
        "name": f"history, {FAXES} faxes, {name}",
        "value": round(value, 2),
        "unit": "ms",
        "reference": "the bare query",
        "reference_value": round(reference, 2),
        "ratio": round(value / reference, 2),
        "bound": bound,
        "ok": bound is None or value / reference <= bound,
    }


async def _seconds(work: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _projecting(kind: str, projection: Projection, bare: Bare) -> dict[str, object]:
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
        at = START + SPACING * number
        direction = "sent" if number % 3 else "received"
        state = chosen.choices(("delivered", "failed", "waiting-to-redial"), (90, 9, 1))[0]
        other = f"+1{chosen.randrange(CORRESPONDENTS):06d}{chosen.randrange(100):04d}"
        if number % (FAXES // 32) == 0:
            other = "+12127770777"
        elif number % 401 == 0:
            other = "+12125550123"
        account = number % ACCOUNTS
        yield (
            UUID(int=chosen.getrandbits(128)),
            f"account-{account}",
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
            "reseller-0",
            f"domain-{account // 2}",
            40.5,
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
                state="delivered" if version == VERSIONS else "dialling",
                stage="dialer",
                at=START + timedelta(days=300, seconds=fax + version),
                direction="sent",
                accepted_at=datetime.now(UTC),
                account_id=ACCOUNT,
                other_party="+15550100",
            )
