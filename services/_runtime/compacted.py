"""A compacted topic, in memory: built to its end before `start` returns, then followed."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import Topic
from services._runtime.kafka import client_options
from services._runtime.outcomes import DependencyAway
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

BUILD_SECONDS = 60.0
STALE_SECONDS = 5.0
"""How far behind the topic's end the table may be before its stage pauses."""

log = logging.getLogger(__name__)


class CompactedTable(ABC):
    """Feeds every record of a compacted topic to `take`, in order, and knows how far it has read."""

    def __init__(self, topic: Topic, settings: KafkaSettings) -> None:
        self._topic = topic
        self._settings = settings
        self._positions: dict[TopicPartition, int] = {}
        self._fresh_at = 0.0
        self._moved = asyncio.Condition()
        self._consumer: AIOKafkaConsumer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @abstractmethod
    def take(self, record: Record) -> None:
        """Learn what `record` says; raises nothing."""

    async def start(self) -> None:
        """Read the topic to its end, then follow it.

        Raises:
            KafkaError: No broker answers, or the topic is missing.
        """
        consumer = AIOKafkaConsumer(
            **client_options(self._settings), auto_offset_reset="earliest", isolation_level="read_committed"
        )
        await consumer.start()
        self._consumer = consumer
        try:
            partitions = [TopicPartition(self._topic.name, one) for one in range(self._topic.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            self._positions = dict.fromkeys(partitions, 0)
            self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._watch())]
            await self.catch_up(BUILD_SECONDS)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the topic."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    def refuse_if_stale(self) -> None:
        """Answer nothing from a table that is too far behind.

        Raises:
            DependencyAway: It was last seen at the topic's end more than `STALE_SECONDS` ago.
        """
        if time.monotonic() - self._fresh_at > STALE_SECONDS:
            raise DependencyAway(self._topic.name, "the table is behind the topic")

    async def catch_up(self, seconds: float) -> None:
        """Wait until the table holds all that the topic holds now.

        Raises:
            DependencyAway: It took longer than `seconds`.
        """
        try:
            async with asyncio.timeout(seconds):
                ends = await self._ends()
                async with self._moved:
                    await self._moved.wait_for(lambda: self._reached(ends))
        except (TimeoutError, KafkaError) as error:
            raise DependencyAway(self._topic.name, type(error).__name__) from error
        self._fresh_at = time.monotonic()

    @property
    def positions(self) -> dict[str, int]:
        """Partition number → next offset, as reported on `fax-status`."""
        return {str(partition.partition): offset for partition, offset in self._positions.items()}

    def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        return all(self._positions[partition] >= end for partition, end in ends.items())

    async def _ends(self) -> dict[TopicPartition, int]:
        if self._consumer is None:
            raise DependencyAway(self._topic.name, "the table isn't started")
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._positions))
        return ends

    async def _follow(self) -> None:
        consumer = self._consumer
        while consumer is not None:
            try:
                records = await consumer.getmany(timeout_ms=500)
                async with self._moved:
                    for record in (record for batch in records.values() for record in batch):
                        self.take(record)
                    for partition in self._positions:
                        self._positions[partition] = await consumer.position(partition)
                    self._moved.notify_all()
            except KafkaError as error:
                log.warning("table", extra={"topic": self._topic.name, "reason": type(error).__name__})
                await asyncio.sleep(0.5)

    async def _watch(self) -> None:
        while True:
            try:
                await self.catch_up(STALE_SECONDS)
            except DependencyAway as away:
                log.warning("table is behind", extra={"topic": self._topic.name, "reason": str(away)})
            await asyncio.sleep(1.0)
