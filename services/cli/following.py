"""Following faxes on `fax-status`: for commands that wait for an end, and for one fax's history."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, Self, TypeVar
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import InvalidMessage, decode
from schemas.fax import FaxStatusChanged
from schemas.topics import FAX_STATUS
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings


class StatusReader:
    """Reads `fax-status` on its own, outside any consumer group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings, *, from_start: bool) -> AsyncIterator[Self]:
        """A reader that stands at the topic's end, or at its start.

        Raises:
            KafkaError: No broker answers.
        """
        consumer = AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest")
        await consumer.start()
        try:
            numbers = consumer.partitions_for_topic(FAX_STATUS.name) or range(FAX_STATUS.partitions)
            partitions = [TopicPartition(FAX_STATUS.name, number) for number in numbers]
            consumer.assign(partitions)
            await (consumer.seek_to_beginning if from_start else consumer.seek_to_end)(*partitions)
            for partition in partitions:
                await consumer.position(partition)
            yield cls(consumer)
        finally:
            await consumer.stop()

    async def take(self, seconds: float) -> list[FaxStatusChanged]:
        """What came within `seconds`; returns as soon as there is something."""
        taken = await self._consumer.getmany(timeout_ms=int(seconds * 1000))
        return [event for batch in taken.values() for record in batch if (event := _status(record))]

    async def all_steps(self) -> AsyncIterator[FaxStatusChanged]:
        """Every step from here to where the topic ends now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        while not await self._reached(ends):
            for event in await self.take(0.2):
                yield event

    async def history(self, fax_id: str) -> list[FaxStatusChanged]:
        """Every step of one fax up to now, oldest first; repeats of a redelivered step are left out."""
        steps: dict[tuple[int, str, str | None], FaxStatusChanged] = {}
        async for event in self.all_steps():
            if str(event.fax_id) == fax_id:
                steps.setdefault((event.version, event.state, event.recipient), event)
        return sorted(steps.values(), key=lambda step: (step.version, step.at))

    async def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        return all([await self._consumer.position(partition) >= end for partition, end in ends.items()])


def _status(record: object) -> FaxStatusChanged | None:
    try:
        event = decode(FAX_STATUS, record.headers, record.value)  # type: ignore[attr-defined]
    except InvalidMessage:
        return None
    return event if isinstance(event, FaxStatusChanged) else None


class Followed(Protocol):
    """A fax's way so far."""

    steps: list[FaxStatusChanged]


W = TypeVar("W", bound=Followed)


async def ends(
    ways: dict[UUID, W], reader: StatusReader, seconds: float, heard: Callable[[W, FaxStatusChanged], Awaitable[bool]]
) -> AsyncIterator[W]:
    """Each way as it ends, which `heard` tells of its newest step; after `seconds`, those that haven't."""
    deadline = time.monotonic() + seconds
    while ways and time.monotonic() < deadline:
        for step in await reader.take(0.5):
            way = ways.get(step.fax_id)
            if way is None:
                continue
            way.steps.append(step)
            if await heard(way, step):
                yield ways.pop(step.fax_id)
    for way in ways.values():
        yield way
