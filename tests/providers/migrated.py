"""Whether the tables that migrations make are the tables that the code names."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine


async def differences(engine: AsyncEngine, metadata: MetaData) -> list[Any]:
    """What Alembic would still change to make the database like `metadata`; empty when they are the same."""
    async with engine.connect() as connection:
        return await connection.run_sync(_compare, metadata)


def _compare(connection: Connection, metadata: MetaData) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = [
        change for one in compare_metadata(context, metadata) for change in (one if isinstance(one, list) else [one])
    ]
    return [one for one in found if one[0] != "modify_comment" and not _alembics_own(one)]


def _alembics_own(change: Any) -> bool:
    return bool(change[0] == "remove_table" and change[1].name == "alembic_version")
