"""The pipeline, for an operator. Every method raises `DependencyAway` when what it asks doesn't answer."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from aiokafka.errors import KafkaError

from schemas.retention import HoldChanged
from services._runtime import dead_letters, lag
from services._runtime.blobs import Blobs
from services._runtime.dead_letters import DeadLetterRecord, Resolution
from services._runtime.hold_table import holds_now
from services._runtime.lag import Lag
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Publishes, PublishUnknown
from services._runtime.retention_report import RetentionReport, read_report
from services._runtime.settings import KafkaSettings

SECONDS: Final = 20.0
"""After which Kafka counts as away."""

T = TypeVar("T")


class Operations(Protocol):
    """What the pages of operations ask."""

    async def lags(self) -> Sequence[Lag]:
        """How far behind each stage is, in pipeline order."""

    async def letters(self, topic: str = "") -> Sequence[DeadLetterRecord]:
        """The dead letters nobody has dealt with, of one topic or of all; of a topic that isn't known, none."""

    async def resolve(self, letters: Collection[DeadLetterRecord], how: Resolution, by: str) -> None:
        """Send them again, or drop them, and note who did. Done twice, it is harmless."""

    async def report(self) -> RetentionReport | None:
        """What retention did and found last."""

    async def holds(self) -> Sequence[HoldChanged]:
        """All that are in force, whoever set them."""


@dataclass(frozen=True)
class Pipeline:
    """`Operations` on Kafka and the object store, as the commands `nativefax lag` and `nativefax dlq` do it."""

    kafka: KafkaSettings
    publisher: Publishes
    blobs: Blobs

    async def lags(self) -> Sequence[Lag]:
        """See `Operations`."""
        return await _answered(lag.measure(self.kafka))

    async def letters(self, topic: str = "") -> Sequence[DeadLetterRecord]:
        """See `Operations`."""
        try:
            return await _answered(dead_letters.read(self.kafka, [topic] if topic else []))
        except dead_letters.UnknownTopic:
            return ()

    async def resolve(self, letters: Collection[DeadLetterRecord], how: Resolution, by: str) -> None:
        """See `Operations`."""
        for letter in letters:
            await _answered(dead_letters.resolve(letter, how, self.publisher, by))

    async def report(self) -> RetentionReport | None:
        """See `Operations`."""
        return await read_report(self.blobs)

    async def holds(self) -> Sequence[HoldChanged]:
        """See `Operations`."""
        return await _answered(holds_now(self.kafka))


async def _answered(asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(SECONDS):
            return await asked
    except (KafkaError, PublishUnknown, TimeoutError, OSError) as error:
        raise DependencyAway("kafka", type(error).__name__) from error
