"""Dialers are killed and stopped, and their database goes away, while faxes flow: nothing rings twice, all ends."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.fax import FaxToDial
from schemas.identity import attempt_id
from schemas.telephony import DialRequested
from services._runtime import topic_admin
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from tests.fault.switchboard import Switchboard
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster
from tests.providers.postgres import Postgres
from tests.unit.dialled import to_dial

DIALER = ["-m", "services", "dialer"]
QUICK = {
    "NATIVEFAX_DIALER_BUSY_SECONDS": "0.5",
    "NATIVEFAX_DIALER_NO_ANSWER_SECONDS": "0.5",
    "NATIVEFAX_DIALER_PROTOCOL_SECONDS": "0.5",
    "NATIVEFAX_DIALER_LINES": "8",
    "NATIVEFAX_DIALER_LINES_PER_ACCOUNT": "8",
}
DELIVERED = {"result_code": 0, "hangup_cause": 16, "pages_transferred": 3}
BUSY = {"hangup_cause": 17, "sip_status": 486, "pages_transferred": 0}
DROPPED = {"result_code": 49, "pages_transferred": 1}


def busy_then_dropped_then_delivered(request: DialRequested) -> dict[str, Any]:
    return (BUSY, DROPPED, DELIVERED)[min(request.attempt - 1, 2)]


@dataclass
class Exchange:
    """The cluster, a publisher, and faxes that are new in each test."""

    cluster: Cluster
    publisher: Publisher

    @contextmanager
    def dialers(
        self, folder: Path, database: str, command: list[str] = DIALER, **settings: str
    ) -> Iterator[list[Worker]]:
        environment = {**self.cluster.environment, **QUICK, "NATIVEFAX_DIALER_DATABASE": database, **settings}
        with workers(folder, environment, [command] * 2, wait=command is DIALER) as started:
            yield started

    @asynccontextmanager
    async def switchboard(self, **options: Any) -> AsyncIterator[Switchboard]:
        board = Switchboard(self.publisher, options.pop("answer", busy_then_dropped_then_delivered), **options)
        async with board.working(KafkaSettings()):
            yield board

    async def submit(self, number: int, destinations: int = 6) -> list[FaxToDial]:
        faxes = [
            to_dial(fax_id=uuid4(), destination=f"+1202555{100 + one % destinations:04}", reply_to=f"u{one}@x.example")
            for one in range(number)
        ]
        await self.publisher.publish_events([*faxes, *faxes])
        return faxes


@pytest.fixture
async def exchange(cluster: Cluster) -> AsyncIterator[Exchange]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        await topic_admin.apply(KafkaSettings())
        publisher = Publisher(KafkaSettings(), source="tests", confirm_seconds=30)
        await publisher.start()
        yield Exchange(cluster, publisher)
        await publisher.stop()


@pytest.fixture
async def board(exchange: Exchange) -> AsyncIterator[Switchboard]:
    async with exchange.switchboard() as working:
        yield working


async def until(what: str, check: Any, seconds: float = 60) -> None:
    """`eventually`, with the switchboard at work meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            while not check():  # noqa: ASYNC110 - the condition is in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:.0f} s: {what}") from None


def all_ended(board: Switchboard, faxes: list[FaxToDial]) -> bool:
    return all(board.ends(fax.fax_id) for fax in faxes)


def check(board: Switchboard, faxes: list[FaxToDial]) -> None:
    assert all(times == 1 for times in board.rang.values()), "a phone rang twice for one attempt"
    assert not board.together, "two calls to one destination"
    for fax in faxes:
        assert board.ends(fax.fax_id) == ["delivered"]
        assert [one.purpose for one in board.receipts(fax.fax_id)] == ["sent"]
    assert calls_of(board, faxes) == 3 * len(faxes), "a call too many, or one too few"


def calls_of(board: Switchboard, faxes: list[FaxToDial]) -> int:
    ids: set[UUID] = {attempt_id(fax.fax_id, number) for fax in faxes for number in range(1, 15)}
    return sum(times for one, times in board.rang.items() if one in ids)


async def test_killed_while_faxes_flow(exchange: Exchange, board: Switchboard, tmp_path: Path) -> None:
    with exchange.dialers(tmp_path, f"sqlite:///{tmp_path}/dialer.sqlite") as dialers:
        faxes = await exchange.submit(12)
        for turn, victim in enumerate(dialers):
            await until("calls are placed", lambda turn=turn: len(board.rang) > 6 * turn)
            victim.kill()
        await asyncio.to_thread(eventually, "they are back", lambda: all(one.ready() for one in dialers))
        await until("every fax ended", lambda: all_ended(board, faxes))
        check(board, faxes)


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_killed_at_every_transition(
    exchange: Exchange, board: Switchboard, database: str, tmp_path: Path
) -> None:
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    dying = {"DYING_FOLDER": str(deaths), "DYING_TIMES": "5"}
    with exchange.dialers(tmp_path, database, ["-m", "tests.fault.dying_dialer"], **dying) as dialers:
        faxes = await exchange.submit(40)
        await until("every fax ended", lambda: [one.ready() for one in dialers] and all_ended(board, faxes), 500)
        check(board, faxes)
    points = {one.name.rsplit("-", 1)[0] for one in deaths.iterdir()}
    assert points == {"before-commit", "after-commit", "before-publish", "after-publish"}


def stop(dialer: Worker, database: str) -> None:
    """Stop a process, but not within a transaction on SQLite, whose lock it would keep (docs/adr/0008)."""
    dialer.send(signal.SIGSTOP)
    while not can_be_written(database):
        dialer.send(signal.SIGCONT)
        dialer.send(signal.SIGSTOP)


def can_be_written(database: str) -> bool:
    if not database.startswith("sqlite:///"):
        return True
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=5, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_stopped_past_the_session_timeout(
    exchange: Exchange, board: Switchboard, database: str, tmp_path: Path
) -> None:
    with exchange.dialers(tmp_path, database) as dialers:
        faxes = await exchange.submit(30)
        await until("calls are placed", lambda: len(board.rang) > 5)
        await asyncio.to_thread(stop, dialers[0], database)
        await until("the other goes on", lambda: all_ended(board, faxes), 180)
        more = await exchange.submit(10)
        await until("its partitions were taken over", lambda: all_ended(board, more), 120)
        dialers[0].send(signal.SIGCONT)
        more += await exchange.submit(10)
        await until("both go on", lambda: all_ended(board, more), 120)
        check(board, faxes + more)


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_the_database_away(
    exchange: Exchange, board: Switchboard, postgres: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    with exchange.dialers(tmp_path, postgres_url) as dialers:
        faxes = await exchange.submit(30)
        await until("calls are placed", lambda: len(board.rang) > 5)
        await asyncio.to_thread(postgres.kill)
        faxes += await exchange.submit(10)
        await until("a dialer waits", lambda: any(one.metric("nativefax_paused") for one in dialers))
        await asyncio.to_thread(postgres.start)
        await until("every fax ended", lambda: all_ended(board, faxes), 120)
        assert not sum(one.metric("nativefax_messages_total", outcome="dead-letter") for one in dialers)
        check(board, faxes)
