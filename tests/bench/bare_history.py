"""What the history is measured beside: the same SQL on the same driver, without all that is above it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import aiosqlite
import asyncpg
from sqlalchemy.engine import make_url

AT_ONCE = 256
INSERT_STEP = "INSERT INTO bare VALUES (?, ?, ?, ?)"

COLUMNS = (
    "fax_id, account_id, direction, state, accepted_at, updated_at, version, fax_number, other_party, pages, "
    "pages_announced, partial, reason, rule, reseller, domain, seconds"
)
"""Of a fax, as the history shows it; a row to fill in has the digits of its other party after them."""

_FILLED = f"{COLUMNS}, other_digits"


class Bare:
    """The driver that the runtime uses, without all that is above it."""

    def moment(self, moment: datetime) -> str:
        """A literal."""
        raise NotImplementedError

    def fax_id(self, fax_id: UUID) -> str:
        """A literal."""
        raise NotImplementedError

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Fill the table `faxes`."""
        raise NotImplementedError

    async def faxes(self, statement: str) -> Sequence[Any]:
        """All rows of `COLUMNS`, with UUIDs and instants as Python has them."""
        raise NotImplementedError

    async def fetch(self, statement: str) -> Sequence[Any]:
        """All rows as they come."""
        raise NotImplementedError

    async def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert into a table of their own, `AT_ONCE` a transaction."""
        raise NotImplementedError


@dataclass(frozen=True)
class BareSqlite(Bare):
    """SQLite by aiosqlite."""

    connection: aiosqlite.Connection

    def moment(self, moment: datetime) -> str:
        return f"'{_text(moment)}'"

    def fax_id(self, fax_id: UUID) -> str:
        return f"'{fax_id.hex}'"

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.connection.execute("PRAGMA journal_mode=WAL")
        marks = ", ".join("?" * len(rows[0]))
        await self.connection.execute("BEGIN")
        await self.connection.executemany(f"INSERT INTO faxes ({_FILLED}) VALUES ({marks})", map(_for_sqlite, rows))
        await self.connection.execute("COMMIT")
        await self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def faxes(self, statement: str) -> Sequence[Any]:
        return [
            (UUID(fax), account, way, state, _moment(accepted), _moment(updated), *rest)
            for fax, account, way, state, accepted, updated, *rest in await self.fetch(statement)
        ]

    async def fetch(self, statement: str) -> Sequence[Any]:
        return list(await self.connection.execute_fetchall(statement))

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

    def moment(self, moment: datetime) -> str:
        return f"'{moment.isoformat()}'::timestamptz"

    def fax_id(self, fax_id: UUID) -> str:
        return f"'{fax_id}'::uuid"

    async def fill(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.pool.copy_records_to_table("faxes", records=rows, columns=_FILLED.split(", "))
        await self.pool.execute("VACUUM ANALYZE faxes")

    async def faxes(self, statement: str) -> Sequence[Any]:
        return await self.fetch(statement)

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


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Bare]:
    """The driver, on a database."""
    if url.startswith("sqlite"):
        async with aiosqlite.connect(str(make_url(url).database), isolation_level=None) as connection:
            yield BareSqlite(connection)
        return
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        yield BarePostgres(pool)
