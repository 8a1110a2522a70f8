"""Publishing that is confirmed or unknown, never assumed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from schemas.base import Event
from schemas.envelope import encode
from schemas.topics import BROKER_LIMIT, topic_of
from services._runtime.claims import utc_now
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings

BATCH_BYTES = 256 * 1024
REQUEST_BYTES = 4 * BROKER_LIMIT
"""What can be read from a topic must also fit when it is set aside with more headers."""

_PARTITIONER = DefaultPartitioner()


class PublishUnknown(Exception):  # noqa: N818 - neither an error nor a success
    """The broker didn't confirm in time: the message may or may not be there. Commit nothing."""


@dataclass(frozen=True)
class Message:
    """Bytes for a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Publishes(Protocol):
    """Publishes events and waits until they are safe."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when every message is confirmed.

        Raises:
            PublishUnknown: Some were not confirmed in time.
        """


def message_of(event: Event, *, source: str, at: datetime) -> Message:
    """`event` as a message of its topic."""
    topic = topic_of(type(event))
    value, headers = encode(event, source=source, at=at)
    return Message(topic.name, topic.key_of(event), value, tuple(headers))


class Publisher:
    """`Publishes` on one idempotent producer with acks=all, for a whole process.

    Messages go out as whole batches of a partition: a third of the cost of sending them one by one. aiokafka never
    expires a batch of an idempotent producer, so every confirmation has a deadline of ours.
    """

    def __init__(self, settings: KafkaSettings, *, source: str, confirm_seconds: float) -> None:
        self._settings = settings
        self._source = source
        self._confirm_seconds = confirm_seconds
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: No broker answers.
        """
        producer = AIOKafkaProducer(**producing(self._settings, self._source))
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Disconnect; what is unconfirmed by then stays unknown."""
        if self._producer is not None:
            try:
                async with asyncio.timeout(self._confirm_seconds):
                    await self._producer.stop()
            except (KafkaError, TimeoutError):
                self._producer = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """See `Publishes`. Messages of one key keep their order."""
        if self._producer is None:
            raise PublishUnknown("the producer isn't connected")
        try:
            async with asyncio.timeout(self._confirm_seconds):
                await confirmed(messages, self._producer)
        except (KafkaError, TimeoutError) as error:
            raise PublishUnknown(type(error).__name__) from error

    async def reached(self) -> None:
        """See `services._runtime.relaying.Link`."""
        if self._producer is None:
            raise PublishUnknown("the producer isn't connected")
        try:
            async with asyncio.timeout(self._confirm_seconds):
                answered = await self._producer.client.force_metadata_update()
        except (KafkaError, TimeoutError) as error:
            raise PublishUnknown(type(error).__name__) from error
        if not answered:
            raise PublishUnknown("no broker answers")

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[None]:
        """See `services._runtime.relaying.Link`. Whoever led before isn't shut out: see `FencedPublisher` for that."""
        await self.reached()
        yield

    async def publish_events(self, events: Sequence[Event], now: Callable[[], datetime] = utc_now) -> None:
        """`publish` for events."""
        await self.publish([message_of(event, source=self._source, at=now()) for event in events])


def producing(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Keyword arguments of every producer of ours."""
    return {
        **client_options(settings),
        "acks": "all",
        "enable_idempotence": True,
        "max_batch_size": BATCH_BYTES,
        "max_request_size": REQUEST_BYTES,
        "client_id": client_id,
    }


async def confirmed(messages: Sequence[Message], producer: AIOKafkaProducer) -> None:
    """Send, and wait until the broker has confirmed all; raises `KafkaError`, and has no deadline of its own."""
    partitions = {topic: sorted(await producer.partitions_for(topic)) for topic in {one.topic for one in messages}}
    lanes: dict[tuple[str, int], list[Message]] = defaultdict(list)
    for one in messages:
        lanes[one.topic, _PARTITIONER(one.key, partitions[one.topic], partitions[one.topic])].append(one)
    confirmations = [
        await producer.send_batch(batch, topic, partition=partition)
        for (topic, partition), lane in lanes.items()
        for batch in _batches(lane, producer)
    ]
    await asyncio.gather(*confirmations)


def _batches(messages: Sequence[Message], producer: AIOKafkaProducer) -> Iterator[BatchBuilder]:
    batch = producer.create_batch()
    for one in messages:
        while batch.append(timestamp=None, key=one.key, value=one.value, headers=list(one.headers)) is None:
            yield batch
            batch = producer.create_batch()
    batch.close()
    yield batch
