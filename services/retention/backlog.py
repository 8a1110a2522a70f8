"""Whether the document worker is behind: an upload's event may then still wait in the topic."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import TELEPHONY_FAX_RECEIVED
from services._runtime.claims import utc_now
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings

READER: Final = "ingest"
"""The group of the document worker, by the name of its stage."""

LONGEST: Final = timedelta(minutes=10)
"""A message that waits longer says that the worker is behind; an event comes moments after its upload."""

LOOKS: Final = 20


@dataclass(frozen=True)
class Backlog:
    """What the document worker hasn't committed. Events in its retry tiers don't count: they are few, and soon over."""

    kafka: KafkaSettings
    now: Callable[[], datetime] = utc_now
    reader: str = READER

    async def behind(self) -> bool:
        """Whether some event has waited for more than ten minutes, or nobody can tell.

        Raises:
            KafkaError: No broker answers.
        """
        options = client_options(self.kafka)
        partitions = [
            TopicPartition(TELEPHONY_FAX_RECEIVED.name, one) for one in range(TELEPHONY_FAX_RECEIVED.partitions)
        ]
        async with AIOKafkaConsumer(**options, group_id=self.reader, enable_auto_commit=False) as consumer:
            consumer.assign(partitions)
            ends, starts = await consumer.end_offsets(partitions), await consumer.beginning_offsets(partitions)
            at = {one: max(await consumer.committed(one) or 0, starts[one]) for one in partitions}
            waiting = {one: offset for one, offset in at.items() if offset < ends[one]}
            return bool(waiting) and await self._long(consumer, waiting)

    async def _long(self, consumer: AIOKafkaConsumer, waiting: dict[TopicPartition, int]) -> bool:
        consumer.assign(list(waiting))
        for partition, offset in waiting.items():
            consumer.seek(partition, offset)
        first: dict[TopicPartition, datetime] = {}
        for _ in range(LOOKS):
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                first.setdefault(partition, datetime.fromtimestamp(records[0].timestamp / 1000, UTC))
            if first.keys() >= waiting.keys():
                return min(first.values()) < self.now() - LONGEST
        return True
