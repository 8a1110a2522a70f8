"""What remembers the history: the topics for 14 days, and the records beside the faxes for as long as they are kept."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import InvalidMessage, decode
from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from schemas.topics import Topic
from services._runtime.kafka import client_options
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

AT_ONCE = 500


@dataclass(frozen=True)
class Told:
    """A batch from a source, and how far the source is with it: `done` of `total` of whatever it counts.

    `recorded`: the steps are all that the records of their faxes tell.
    """

    steps: Sequence[FaxStatusChanged]
    expired: Sequence[FaxExpired]
    done: int
    total: int
    recorded: bool = False


class Source(Protocol):
    """Something that remembers steps."""

    @property
    def name(self) -> str:
        """What progress calls it."""

    def batches(self) -> AsyncIterator[Told]:
        """All that it remembers, from the start."""


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
