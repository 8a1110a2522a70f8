"""The outbox: events written in the same transaction as the state they tell of, published after it (docs/adr/0008)."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import Event
from services._runtime.database import transaction
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Message, Publishes, PublishUnknown, message_of
from services._runtime.sole_relay import StillAlone, alone

BATCH = 200
IDLE_SECONDS = 1.0
"""How often the relay looks by itself; `Outbox.wake` makes it look at once."""

log = logging.getLogger(__name__)


def outbox_table(metadata: MetaData) -> Table:
    """The table that every database with an outbox has, by the name ``outbox``."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
        sqlite_autoincrement=True,
    )


async def _alone() -> bool:
    return True


class Outbox:
    """Takes events inside a transaction, and publishes them in their order.

    One process at a time relays (`services._runtime.sole_relay`), so one key stays in order. A
    relay that dies after publishing and before deleting publishes again: consumers know a repeat by id and version.
    """

    def __init__(self, engine: AsyncEngine, table: Table, publisher: Publishes, *, source: str) -> None:
        self._engine = engine
        self._table = table
        self._publisher = publisher
        self._source = source
        self._waiting = asyncio.Event()

    async def put(self, connection: AsyncConnection, events: Sequence[Event], at: datetime) -> None:
        """Write `events` in `connection`'s transaction; call `wake` when it is committed.

        Change the state first, then put: the lock on the changed row keeps the events of one fax in order.
        """
        messages = [message_of(event, source=self._source, at=at) for event in events]
        if messages:
            await connection.execute(insert(self._table), [_row(one) for one in messages])

    def wake(self) -> None:
        """There is something to publish."""
        self._waiting.set()

    async def relay(self) -> None:
        """Publish what is written, until cancelled. Whatever is away is waited for."""
        while True:
            try:
                async with alone(self._engine) as still_alone:
                    while await still_alone():
                        await self._work(still_alone)
            except (DependencyAway, SQLAlchemyError, OSError) as error:
                _waits(error)
            await asyncio.sleep(IDLE_SECONDS)

    async def _work(self, still_alone: StillAlone) -> None:
        """Publish what there is, or wait a little.

        While Kafka is away it stays this process's to relay: its producer still holds what wasn't confirmed, and would
        publish that behind the newer events of whoever took over.
        """
        try:
            if not await self.drain(still_alone):
                await self._nothing()
        except PublishUnknown as unknown:
            _waits(unknown)
            await asyncio.sleep(IDLE_SECONDS)

    async def drain(self, still_alone: StillAlone = _alone) -> int:
        """Publish the oldest batch and forget it; how many there were. Nothing if another relays by now.

        That is asked once more between reading and publishing: whoever was stopped there, and replaced, would publish
        what is old by then, and of a compacted topic (accounts, holds) the last word of a key stays.

        Raises:
            DependencyAway: The database doesn't answer.
            PublishUnknown: Kafka didn't confirm; all of the batch stays.
        """
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(select(self._table).order_by(self._table.c.id).limit(BATCH))).all()
        if rows and not await still_alone():
            return 0
        if rows:
            await self._publisher.publish([_message(row) for row in rows])
            async with transaction(self._engine) as connection:
                gone = [row.id for row in rows]
                await connection.execute(delete(self._table).where(self._table.c.id.in_(gone)))
        return len(rows)

    async def _nothing(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._waiting.wait()
        except TimeoutError:
            pass
        self._waiting.clear()


def _waits(error: Exception) -> None:
    log.warning("outbox waits", extra={"reason": f"{type(error).__name__}: {error}"[:200]})


def _row(message: Message) -> dict[str, object]:
    headers = json.dumps([(name, value.decode()) for name, value in message.headers])
    return {"topic": message.topic, "key": message.key, "value": message.value, "headers": headers}


def _message(row: Row[tuple[object, ...]]) -> Message:
    headers = tuple((name, value.encode()) for name, value in json.loads(row.headers))
    return Message(row.topic, row.key, row.value, headers)
