"""Publishing that is confirmed or unknown, never assumed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.base import Event
from schemas.envelope import encode
from schemas.topics import topic_of
from services._runtime.claims import utc_now
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings


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

    aiokafka never expires a batch of an idempotent producer, so every confirmation has a deadline of ours.
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
        producer = AIOKafkaProducer(
            **client_options(self._settings), acks="all", enable_idempotence=True, linger_ms=0, client_id=self._source
        )
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
        """See `Publishes`."""
        if self._producer is None:
            raise PublishUnknown("the producer isn't connected")
        try:
            async with asyncio.timeout(self._confirm_seconds):
                sent = [
                    await self._producer.send(one.topic, key=one.key, value=one.value, headers=list(one.headers))
                    for one in messages
                ]
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError) as error:
            raise PublishUnknown(type(error).__name__) from error

    async def publish_events(self, events: Sequence[Event], now: Callable[[], datetime] = utc_now) -> None:
        """`publish` for events."""
        await self.publish([message_of(event, source=self._source, at=now()) for event in events])
