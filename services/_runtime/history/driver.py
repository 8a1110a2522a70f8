"""Reading on the driver itself, without a transaction: what SQLAlchemy adds to a query costs more than the query.

A statement names its values ``{}``; they are given to the driver, never written into the text.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services._runtime.database import SECONDS
from services._runtime.outcomes import DependencyAway

Value = str | datetime | date | UUID

_AWAY = (
    DBAPIError,  # of connecting and checking a connection; the query itself goes past SQLAlchemy
    PoolTimeout,
    OSError,
    sqlite3.OperationalError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
)


async def fetch(engine: AsyncEngine, statement: str, values: Sequence[Value]) -> Sequence[Sequence[Any]]:
    """All rows of one query, as the driver gives them: SQLite's need `moment` and `fax_id`.

    Raises:
        DependencyAway: The database doesn't answer, or not in time.
    """
    try:
        async with asyncio.timeout(SECONDS), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                return await _from_sqlite(connection, statement, values)
            return await _from_postgres(connection, statement, values)
    except (*_AWAY, TimeoutError) as error:
        raise DependencyAway("database", type(error).__name__) from error


async def _from_sqlite(connection: AsyncConnection, statement: str, values: Sequence[Value]) -> Sequence[Sequence[Any]]:
    driver = await _driver(connection)
    marks = (f"?{number}" for number in range(1, len(values) + 1))
    return list(await driver.execute_fetchall(statement.format(*marks), [_for_sqlite(one) for one in values]))


async def _from_postgres(
    connection: AsyncConnection, statement: str, values: Sequence[Value]
) -> Sequence[Sequence[Any]]:
    """A connection that the server has closed since, or that a query failed on, is given up: nobody else asks it."""
    driver = await _driver(connection)
    if driver.is_closed():
        await connection.invalidate()
        driver = await _driver(connection)
    marks = (f"${number}" for number in range(1, len(values) + 1))
    try:
        return list(await driver.fetch(statement.format(*marks), *values))
    except (*_AWAY, TimeoutError, asyncio.CancelledError):
        await connection.invalidate()
        raise


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


def moment(value: str) -> datetime:
    """A column of type `Moment` in SQLite, in UTC."""
    return datetime.fromisoformat(value + "+00:00")


def fax_id(value: str) -> UUID:
    """A column of type `Uuid` in SQLite."""
    return UUID(value)


def _for_sqlite(value: Value) -> str:
    """As SQLAlchemy writes it: ``Uuid``, ``Moment`` and ``Date`` of the tables."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value
