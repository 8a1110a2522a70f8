"""The databases of the few stages that keep state: SQLite on one machine, PostgreSQL in a cluster (docs/adr/0008).

Tables are SQLAlchemy Core; a state's transition is one UPDATE whose WHERE names the version it was read at.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services._runtime.outcomes import DependencyAway

SECONDS: Final = 10.0
"""For one transaction, waiting for a connection and for locks included."""

SQLITE_LOCK_SECONDS: Final = 5.0
"""How long SQLite waits for another writer; its thread can't be interrupted, so less than a transaction may take."""

_SESSION: Final = {"idle_in_transaction_session_timeout": "120s"}
"""Of PostgreSQL: the locks of a process that is stopped within a transaction, or whose host hangs, hold up nobody for
longer. No transaction of ours may take longer as a whole."""

_ONLY_READS: Final = "nativefax_only_reads"
"""An execution option: see `reading`."""

_MIGRATION_LOCK: Final = 0x6E666178
"""Key of PostgreSQL's advisory lock under which one process migrates."""

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def connect(url: str, *, reading: bool = False) -> AsyncEngine:
    """An engine for ``sqlite:///path`` or ``postgresql://user:password@host/database``; it connects when used.

    `reading`: for nothing but `services._runtime.history.History`, which begins no transaction; so none is rolled back
    after each use, which on SQLite costs as much as a short query, nor is the server asked before each whether it is
    there. `fetch` gives up a connection that failed.

    Raises:
        ValueError: The URL is none, or names another kind of database.
    """
    address = parsed(url)
    if address.drivername == _DRIVERS["sqlite"]:
        return _sqlite(address, reading=reading)
    return create_async_engine(
        address,
        hide_parameters=True,  # errors are logged, and values may be contents
        pool_pre_ping=not reading,
        pool_timeout=SECONDS,
        connect_args={"timeout": SECONDS, "command_timeout": SECONDS, "server_settings": _SESSION},
    )


def parsed(url: str) -> URL:
    """The address, with the driver that we use.

    Raises:
        ValueError: It is none, or names another kind of database.
    """
    try:
        address = make_url(url)
        driver = _DRIVERS[address.get_backend_name()]
    except (ArgumentError, ValueError, KeyError):
        raise ValueError("a database is sqlite:///path or postgresql://user:password@host/database") from None
    return address.set(drivername=driver)


def _sqlite(address: URL, *, reading: bool) -> AsyncEngine:
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_reset_on_return=None if reading else "rollback",
        connect_args={"timeout": SQLITE_LOCK_SECONDS},
    )
    event.listen(engine.sync_engine, "connect", _open_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "invalidate", _let_go_sqlite)
    return engine


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that reads first can't be refused when it writes; one that only reads waits for no writer."""
    only_reads = connection.get_execution_options().get(_ONLY_READS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _let_go_sqlite(connection: Any, _record: Any, _error: Any) -> None:
    """Roll back before a connection whose task was cancelled is closed.

    Closing isn't enough: SQLite keeps the connection, and its lock, until the last cursor is gone, which the
    traceback of the cancellation holds.
    """
    if connection is not None:
        connection.rollback()


@asynccontextmanager
async def transaction(engine: AsyncEngine, seconds: float = SECONDS) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed when its block ends and rolled back when it raises.

    Raises:
        DependencyAway: The database doesn't answer, or not in time. Whether a commit counted is then unknown.
    """
    with _away_or_at_fault():
        async with asyncio.timeout(seconds), engine.begin() as connection:
            yield connection


@asynccontextmanager
async def reading(engine: AsyncEngine, seconds: float = SECONDS) -> AsyncIterator[AsyncConnection]:
    """One transaction that writes nothing: on SQLite it sees what was committed before, and waits for no writer.

    Raises:
        DependencyAway: The database doesn't answer, or not in time.
    """
    async with transaction(engine.execution_options(**{_ONLY_READS: True}), seconds) as connection:
        yield connection


def inserting(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows what to do with a row that is there: ``ON CONFLICT``, which both databases spell alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def _away_or_at_fault() -> Iterator[None]:
    """Tell a database that is away from a statement that is wrong: the first is `DependencyAway`."""
    try:
        yield
    except DBAPIError as error:
        if not _is_away(error):
            raise
        raise DependencyAway("database", str(error.orig)[:100]) from error
    except (PoolTimeout, TimeoutError, OSError) as error:
        raise DependencyAway("database", type(error).__name__) from error


_AWAY_STATES: Final = ("08", "28", "3D", "40", "53", "55P03", "57", "58", "XX001", "XX002")
"""SQLSTATE classes, and states, that no statement can help (PostgreSQL, appendix A): connection, login, no such
database, deadlock, resources, lock, shutdown or cancelled, system, damaged data."""

_AT_FAULT_CODES: Final = {1, 18, 19, 20, 21, 25}
"""SQLite's primary result codes for which the statement is to blame: ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE,
RANGE. The others are a locked, full, read-only, unreadable or damaged file."""


def _is_away(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF not in _AT_FAULT_CODES  # the upper bits say more (SQLite, extended result codes)
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_AWAY_STATES)


async def migrate(engine: AsyncEngine, package: str) -> None:
    """Bring the database to the newest version of `package`'s migrations; one process does it, the others wait.

    `package` is the dotted name of a package that has a folder ``migrations`` of Alembic's versions. Each package has
    a database of its own: the tables of Alembic and of the outbox have the same name in all.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    with _away_or_at_fault():
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.run_sync(_upgrade, package)


def _upgrade(connection: Connection, package: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "services._runtime:migrating")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{package}:migrations")
    command.upgrade(config, "head")
