"""The end of a topic, read without a group: each process of the portal hears everything, and keeps nothing."""

import asyncio
import logging
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.base import Event
from schemas.envelope import InvalidMessage, decode, event_type
from schemas.topics import Topic
from services._runtime.kafka import client_options
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

log = logging.getLogger(__name__)


class Tail:
    """Gives every event of one type that is told from now on to `hear`. Others aren't even decoded."""

    def __init__(self, settings: KafkaSettings, topic: Topic, kind: type[Event], hear: Callable[[Event], None]) -> None:
        self._settings = settings
        self._topic = topic
        self._header = ("ce_type", event_type(kind).encode())
        self._hear = hear
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin at the topic's end as it is now.

        Raises:
            KafkaError: No broker answers.
        """
        consumer = AIOKafkaConsumer(**client_options(self._settings), auto_offset_reset="latest")
        await consumer.start()
        self._consumer = consumer
        try:
            partitions = [TopicPartition(self._topic.name, one) for one in range(self._topic.partitions)]
            consumer.assign(partitions)
            for partition, end in (await consumer.end_offsets(partitions)).items():
                consumer.seek(partition, end)  # now, and not when it is first read: what is told meanwhile counts
            self._task = asyncio.create_task(self._listen(consumer), name=f"tail of {self._topic.name}")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the topic."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                found = await consumer.getmany(timeout_ms=500)
            except KafkaError as error:
                log.warning("tail", extra={"topic": self._topic.name, "reason": type(error).__name__})
                await asyncio.sleep(0.5)
                continue
            for record in (one for batch in found.values() for one in batch):
                self._take(record)

    def _take(self, record: Record) -> None:
        if self._header not in record.headers:
            return
        try:
            self._hear(decode(self._topic, record.headers, record.value))
        except InvalidMessage:  # the stage that projects it sets it aside
            return
