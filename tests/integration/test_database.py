"""The databases of the stateful stages: transactions, what is away and what is wrong, migrations. On both kinds."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.database import connect, migrate, reading, transaction
from services._runtime.outcomes import DependencyAway
from services.dialer.tables import METADATA as DIALER
from services.ingest.ata.tables import METADATA as ATA
from tests.fault.workers import eventually, workers
from tests.providers.migrated import differences
from tests.providers.postgres import Postgres

THINGS = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("word", Text))
PACKAGES = {"services.ingest.ata": ATA, "services.dialer": DIALER}
MIGRATE = """
import asyncio, sys
from services._runtime.database import connect, migrate
async def main():
    engine = connect(sys.argv[1])
    await migrate(engine, "services.ingest.ata")
    await engine.dispose()
asyncio.run(main())
"""


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(database)
    async with transaction(engine) as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    yield engine
    await engine.dispose()


async def words(engine: AsyncEngine) -> list[str | None]:
    async with transaction(engine) as connection:
        return list((await connection.execute(select(THINGS.c.word).order_by(THINGS.c.id))).scalars())


async def add_and_fail(engine: AsyncEngine, error: Exception) -> None:
    async with transaction(engine) as connection:
        await connection.execute(insert(THINGS).values(id=1, word="lost"))
        raise error


async def add_while(engine: AsyncEngine, something: Callable[[], None]) -> None:
    async with transaction(engine) as connection:
        await connection.execute(insert(THINGS).values(word="lost"))
        something()


async def test_what_a_transaction_wrote_stays(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await connection.execute(insert(THINGS).values(id=1, word="kept"))
    assert await words(engine) == ["kept"]


async def test_a_transaction_that_falls_silent_holds_up_nobody_and_is_told_that_it_is_over(postgres_url: str) -> None:
    engine = connect(postgres_url)
    async with transaction(engine) as connection:
        assert await connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "2min"

    async def fall_silent() -> None:
        async with transaction(engine) as stopped:
            await stopped.execute(text("SET idle_in_transaction_session_timeout = '50ms'"))
            await stopped.execute(text("SELECT pg_advisory_xact_lock(1)"))
            async with asyncio.timeout(9):
                while not await lock_is_free():  # noqa: ASYNC110 - a poll with a bound
                    await asyncio.sleep(0.05)
            await stopped.execute(text("SELECT 1"))

    async def lock_is_free() -> bool:
        async with transaction(engine) as other:
            return bool(await other.scalar(text("SELECT pg_try_advisory_xact_lock(1)")))

    with pytest.raises(DependencyAway):
        await fall_silent()
    await engine.dispose()


async def test_what_a_failed_transaction_wrote_is_gone(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        await add_and_fail(engine, RuntimeError())
    assert await words(engine) == []


async def test_cancelled_transactions_hold_no_lock(tmp_path: Path) -> None:
    """Cancelled wherever they are: the next writer, of another process as it were, gets in at once. SQLite's matter."""
    database = f"sqlite:///{tmp_path}/test.sqlite"

    async def write(engine: AsyncEngine) -> None:
        while True:
            async with transaction(engine) as connection:
                await connection.execute(select(THINGS))
                await connection.execute(insert(THINGS).values(word="some"))

    for _ in range(60):
        engine, other = connect(database), connect(database)
        async with transaction(engine) as connection:
            await connection.run_sync(THINGS.metadata.create_all)
        writers = [asyncio.create_task(write(engine)) for _ in range(4)]
        await asyncio.sleep(0.02 + random.random() / 50)
        for writer in writers:
            writer.cancel()
        ends = await asyncio.gather(*writers, return_exceptions=True)  # their tracebacks hold what they used
        await engine.dispose()
        async with transaction(other, 3.0) as connection:
            await connection.execute(insert(THINGS).values(word="next"))
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        await other.dispose()


async def test_of_two_changes_of_one_version_one_counts(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await connection.execute(insert(THINGS).values(id=1, word="0"))

    async def change(to: str) -> int:
        async with transaction(engine) as connection:
            statement = update(THINGS).where(THINGS.c.id == 1, THINGS.c.word == "0").values(word=to)
            return (await connection.execute(statement)).rowcount

    assert sorted(await asyncio.gather(*(change(str(one)) for one in range(1, 9)))) == [0] * 7 + [1]


async def test_a_transaction_that_reads_first_can_write(engine: AsyncEngine) -> None:
    async def count_and_add() -> None:
        async with transaction(engine) as connection:
            await connection.scalar(select(func.count()).select_from(THINGS))
            await connection.execute(insert(THINGS).values(word="one"))

    await asyncio.gather(*(count_and_add() for _ in range(20)))
    assert len(await words(engine)) == 20


async def test_who_only_reads_waits_for_no_writer(engine: AsyncEngine) -> None:
    async with transaction(engine) as writing:
        await writing.execute(insert(THINGS).values(id=1, word="soon"))
        async with reading(engine, 2) as connection:
            assert await connection.scalar(select(func.count()).select_from(THINGS)) == 0
    assert await words(engine) == ["soon"]


async def test_a_wrong_statement_is_not_a_database_that_is_away(engine: AsyncEngine) -> None:
    for statement in ("SELECT * FROM nothing", "SELEC 1"):
        with pytest.raises(DBAPIError):
            async with transaction(engine) as connection:
                await connection.execute(text(statement))
    with pytest.raises(IntegrityError):
        async with transaction(engine) as connection:
            await connection.execute(insert(THINGS), [{"id": 1}, {"id": 1}])


async def test_a_locked_table_is_away_and_then_is_not(postgres_url: str) -> None:
    engine = connect(postgres_url)
    async with transaction(engine) as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    async with engine.begin() as holder:
        await holder.execute(text("LOCK TABLE things"))
        with pytest.raises(DependencyAway):
            async with transaction(engine, seconds=0.2) as connection:
                await connection.execute(delete(THINGS))
    assert await words(engine) == []
    await engine.dispose()


async def test_a_locked_file_is_away_and_then_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services._runtime.database.SQLITE_LOCK_SECONDS", 0.2)
    engine = connect(f"sqlite:///{tmp_path}/one.sqlite")
    async with transaction(engine) as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    other = sqlite3.connect(tmp_path / "one.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(DependencyAway, match="locked"):
            await words(engine)
    other.execute("ROLLBACK")
    assert await words(engine) == []
    other.close()
    await engine.dispose()


async def test_a_transaction_that_was_given_up_holds_no_lock(tmp_path: Path) -> None:
    """Its BEGIN still runs in the driver's thread when its time is over."""
    engine = connect(f"sqlite:///{tmp_path}/one.sqlite")
    async with transaction(engine) as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    other = sqlite3.connect(tmp_path / "one.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    given_up = asyncio.create_task(words(engine))
    await asyncio.sleep(0)
    given_up.cancel()
    other.execute("ROLLBACK")
    await asyncio.gather(given_up, return_exceptions=True)
    assert await words(engine) == []
    other.close()
    await engine.dispose()


async def test_a_server_that_is_stopped_is_away_and_then_is_not(postgres: Postgres, postgres_url: str) -> None:
    engine = connect(postgres_url)
    async with transaction(engine) as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    for down in (postgres.stop, postgres.kill):
        try:
            with pytest.raises(DependencyAway):
                await add_while(engine, down)
            with pytest.raises(DependencyAway):
                await words(engine)
        finally:
            postgres.start()
        assert await words(engine) == []
    await engine.dispose()


async def test_a_database_that_is_not_there_is_away(postgres: Postgres, tmp_path: Path) -> None:
    for url in (postgres.url("nowhere"), f"sqlite:///{tmp_path}"):
        engine = connect(url)
        with pytest.raises(DependencyAway):
            await words(engine)
        await engine.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite:///path or postgresql://"):
        connect("mysql://somewhere/db")


@pytest.mark.parametrize("package", PACKAGES)
async def test_migrations_make_the_tables_that_the_code_names(database: str, package: str) -> None:
    engine = connect(database)
    await migrate(engine, package)
    await migrate(engine, package)
    assert await differences(engine, PACKAGES[package]) == []
    await engine.dispose()


async def test_a_table_that_no_migration_makes_is_noticed(database: str) -> None:
    engine = connect(database)
    await migrate(engine, "services.ingest.ata")
    with_more = MetaData()
    for table in ATA.tables.values():
        table.to_metadata(with_more)
    Table("forgotten", with_more, Column("id", Integer, primary_key=True))
    assert [one[0] for one in await differences(engine, with_more)] == ["add_table"]
    await engine.dispose()


async def test_processes_migrate_at_once(database: str, tmp_path: Path) -> None:
    with workers(tmp_path, {}, [["-c", MIGRATE, database]] * 3, wait=False) as started:
        eventually("all have ended", lambda: all(one.process.poll() is not None for one in started))
        assert [one.process.returncode for one in started] == [0, 0, 0]
    engine = connect(database)
    assert await differences(engine, ATA) == []
    await engine.dispose()
