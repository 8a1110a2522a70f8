"""Publishing that ends when another takes over: of a compacted topic, what comes late would stay (docs/adr/0008)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.rights import transactional_id
from schemas.topics import TOPICS
from services._runtime.publisher import Message, Publisher, PublishUnknown, confirmed, producing
from services._runtime.settings import KafkaSettings

COMPACTED: Final = frozenset(topic.name for topic in TOPICS if topic.compacted)

CLOSE_SECONDS: Final = 2.0
"""So long a producer may take to end; one that can't reach Kafka, or was shut out, would try for ever."""


class FencedPublisher:
    """`Publishes` for who relays an outbox: to compacted topics in Kafka's transactions, under its process's name.

    Whoever leads under a name ends the transactions of whoever led before, and from then on the broker takes nothing
    of it: neither what was under way (a stopped process, a paused machine) nor anything it begins. Compacted topics are
    read with `read_committed`. To other topics it publishes as ever: their readers know what comes late.
    """

    def __init__(self, settings: KafkaSettings, publisher: Publisher, *, name: str, confirm_seconds: float) -> None:
        self._settings = settings
        self._publisher = publisher
        self._name = name
        self._confirm_seconds = confirm_seconds
        self._producer: AIOKafkaProducer | None = None

    async def reached(self) -> None:
        """See `services._runtime.relaying.Link`."""
        await self._publisher.reached()

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[None]:
        """See `services._runtime.relaying.Link`."""
        producer = AIOKafkaProducer(
            **producing(self._settings, self._name),
            transactional_id=transactional_id(self._name),
            transaction_timeout_ms=round(self._confirm_seconds * 2000),
        )
        try:
            await self._in_time(producer.start())
            self._producer = producer
            yield
        finally:
            self._producer = None
            await _end(producer)

    async def publish(self, messages: Sequence[Message]) -> None:
        """See `Publishes`. After it was shut out, or failed, nothing is published until it leads again."""
        words = [one for one in messages if one.topic in COMPACTED]
        others = [one for one in messages if one.topic not in COMPACTED]
        await self._in_time(self._publish(words, others))

    async def _publish(self, words: Sequence[Message], others: Sequence[Message]) -> None:
        if others:
            await self._publisher.publish(others)
        if words:
            producer, self._producer = self._producer, None
            if producer is None:
                raise PublishUnknown("it doesn't lead, or not any more")
            await _committed(words, producer)
            self._producer = producer

    async def _in_time(self, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._confirm_seconds):
                await work
        except (KafkaError, TimeoutError, AssertionError) as error:  # aiokafka asserts that its producer isn't broken
            raise PublishUnknown(type(error).__name__) from error


async def _committed(messages: Sequence[Message], producer: AIOKafkaProducer) -> None:
    await producer.begin_transaction()
    await confirmed(messages, producer)
    await producer.commit_transaction()


async def _end(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError):
        sending = producer._sender.sender_task  # noqa: SLF001 - nothing else ends what waits to be sent
        if sending is not None:
            sending.cancel()
        await producer.client.close()
