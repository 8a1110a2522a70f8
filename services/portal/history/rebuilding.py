"""Making the history anew from what remembers it: the topics (14 days), and whatever other source there is.

All of it is idempotent: it may run beside the stage, in several processes, or again after a kill.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.envelope import InvalidMessage, decode
from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from schemas.topics import FAX_EXPIRED, FAX_STATUS, Topic
from services._runtime.claims import utc_now
from services._runtime.database import connect, migrate, transaction
from services._runtime.history.tables import BUILT
from services._runtime.kafka import client_options
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings
from services.portal.history.adapters import Projection

AT_ONCE = 500
TELL_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """A batch from a source, and how far the source is with it: `done` of `total` of whatever it counts."""

    steps: Sequence[FaxStatusChanged]
    expired: Sequence[FaxExpired]
    done: int
    total: int


class Source(Protocol):
    """Something that remembers steps. A reader of the faxes' ``record.json`` would be another, before the topics."""

    @property
    def name(self) -> str:
        """What progress calls it."""

    def batches(self) -> AsyncIterator[Told]:
        """All that it remembers, from the start."""


Progress = Callable[[str, int, int], None]
"""Called with a source's name, how much of it is done, and how much there is."""


async def rebuild(projection: Projection, sources: Sequence[Source], progress: Progress) -> None:
    """Write all that `sources` remember.

    Raises:
        DependencyAway: The database doesn't answer. Start again: nothing is doubled.
        KafkaError: No broker answers.
    """
    for source in sources:
        async for told in source.batches():
            if told.expired:
                await projection.remove(told.expired)
            if told.steps:
                await projection.write(told.steps)
            progress(source.name, told.done, told.total)


def topics(kafka: KafkaSettings) -> tuple[Source, ...]:
    """The topics as sources: first what is gone, so that its steps needn't be written."""
    return TopicSource(FAX_EXPIRED, kafka), TopicSource(FAX_STATUS, kafka)


async def rebuild_database(url: str, kafka: KafkaSettings, progress: Progress) -> None:
    """Bring a database to the newest tables, and write all that the topics remember.

    Raises:
        DependencyAway, KafkaError: See `rebuild`.
    """
    engine = connect(url)
    try:
        await migrate(engine, "services._runtime.history")
        await rebuild(Projection(engine), topics(kafka), progress)
    finally:
        await engine.dispose()


async def rebuild_new(engine: AsyncEngine, projection: Projection, kafka: KafkaSettings) -> None:
    """Rebuild a database that never was: the stage's group may stand at the end of topics that it has not seen.

    Raises:
        DependencyAway, KafkaError: See `rebuild`.
    """
    async with transaction(engine) as connection:
        built = await connection.scalar(select(BUILT.c.at).limit(1))
    if built is None:
        await rebuild(projection, topics(kafka), LoggedProgress())
        async with transaction(engine) as connection:
            await connection.execute(BUILT.insert().values(at=utc_now()))


class LoggedProgress:
    """Tells every few seconds, and when a source is done."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, source: str, done: int, total: int) -> None:
        """See `Progress`."""
        if done >= total or time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            log.info("rebuilding the history", extra={"source": source, "done": done, "total": total})


@dataclass(frozen=True)
class TopicSource:
    """A topic from its start to where it ends when reading begins, outside any consumer group.

    Messages that can't be read are passed over: the stage sets them aside.
    """

    topic: Topic
    kafka: KafkaSettings

    @property
    def name(self) -> str:
        """The topic's."""
        return self.topic.name

    async def batches(self) -> AsyncIterator[Told]:
        """See `Source`."""
        async with AIOKafkaConsumer(**client_options(self.kafka), auto_offset_reset="earliest") as consumer:
            partitions = [TopicPartition(self.topic.name, one) for one in range(self.topic.partitions)]
            consumer.assign(partitions)
            starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
            for partition, start in starts.items():
                consumer.seek(partition, start)
            total = sum(ends.values()) - sum(starts.values())
            left = total
            while left:
                taken = await consumer.getmany(timeout_ms=500, max_records=AT_ONCE)
                left = sum([max(0, ends[one] - await consumer.position(one)) for one in partitions])
                yield self._told([record for batch in taken.values() for record in batch], total - left, total)

    def _told(self, records: Sequence[Record], done: int, total: int) -> Told:
        steps: list[FaxStatusChanged] = []
        expired: list[FaxExpired] = []
        for record in records:
            try:
                event = decode(self.topic, record.headers, record.value)
            except InvalidMessage:
                continue
            if isinstance(event, FaxStatusChanged):
                steps.append(event)
            elif isinstance(event, FaxExpired):
                expired.append(event)
        return Told(steps, expired, done, total)
