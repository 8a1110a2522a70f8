"""The outbox: events written in the same transaction as the state they tell of, published after it (docs/adr/0008)."""

import asyncio
import json
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
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.base import Event
from services._runtime.database import reading, transaction
from services._runtime.publisher import Message, Publishes, message_of
from services._runtime.sole_relay import StillAlone

BATCH = 200


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
    """Takes events inside a transaction; who relays (`services._runtime.relaying`) publishes them in their order."""

    def __init__(self, engine: AsyncEngine, table: Table, publisher: Publishes, *, source: str) -> None:
        self.engine = engine
        self.source = source
        self._table = table
        self._publisher = publisher
        self._written = asyncio.Event()

    async def put(self, connection: AsyncConnection, events: Sequence[Event], at: datetime) -> None:
        """Write `events` in `connection`'s transaction; call `wake` when it is committed.

        Change the state first, then put: the lock on the changed row keeps the events of one fax in order.
        """
        messages = [message_of(event, source=self.source, at=at) for event in events]
        if messages:
            await connection.execute(insert(self._table), [_row(one) for one in messages])

    def wake(self) -> None:
        """There is something to publish."""
        self._written.set()

    async def written(self, seconds: float) -> None:
        """Return when `wake` is called, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._written.wait()
        except TimeoutError:
            pass
        self._written.clear()

    async def keys_waiting(self, connection: AsyncConnection, topic: str) -> frozenset[str]:
        """The keys of events for a topic that aren't published yet."""
        asked = select(self._table.c.key).where(self._table.c.topic == topic)
        return frozenset(key.decode() for key in await connection.scalars(asked))

    async def oldest(self) -> datetime | None:
        """When the event was written that waits longest; None if none waits.

        Raises:
            DependencyAway: The database doesn't answer.
        """
        async with reading(self.engine) as connection:
            headers = await connection.scalar(select(self._table.c.headers).order_by(self._table.c.id).limit(1))
        return datetime.fromisoformat(dict(json.loads(headers))["ce_time"]) if headers else None

    async def drain(self, still_alone: StillAlone = _alone) -> int:
        """Publish the oldest batch and forget it; how many there were. Nothing if another relays by now.

        That is asked once more between reading and publishing: whoever was stopped there, and replaced, would publish
        what is old by then.

        Raises:
            DependencyAway: The database doesn't answer.
            PublishUnknown: Kafka didn't confirm; all of the batch stays.
        """
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(select(self._table).order_by(self._table.c.id).limit(BATCH))).all()
        if rows and not await still_alone():
            return 0
        if rows:
            await self._publisher.publish([_message(row) for row in rows])
            async with transaction(self.engine) as connection:
                gone = [row.id for row in rows]
                await connection.execute(delete(self._table).where(self._table.c.id.in_(gone)))
        return len(rows)


def _row(message: Message) -> dict[str, object]:
    headers = json.dumps([(name, value.decode()) for name, value in message.headers])
    return {"topic": message.topic, "key": message.key, "value": message.value, "headers": headers}


def _message(row: Row[tuple[object, ...]]) -> Message:
    headers = tuple((name, value.encode()) for name, value in json.loads(row.headers))
    return Message(row.topic, row.key, row.value, headers)
