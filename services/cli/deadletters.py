"""The dead letters of every topic: read, sent again, or dropped.

A topic can't forget one message, so what became of a dead letter is a message behind it: headers ``nf-resolves`` (the
offset it speaks of) and ``nf-resolution``. Sending again is published first and noted after; done twice, the fax's id,
claims and stored decision make it harmless.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import TOPICS
from services._runtime.kafka import client_options
from services._runtime.publisher import Message, Publisher
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused

RESOLVES, RESOLUTION = "nf-resolves", "nf-resolution"
Resolution = Literal["replayed", "dropped"]


@dataclass(frozen=True)
class DeadLetterRecord:
    """One message that was set aside."""

    topic: str
    offset: int
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def name(self) -> str:
        """How commands call it: ``topic/offset``."""
        return f"{self.topic}/{self.offset}"

    def told(self, header: str) -> str:
        """One of the headers the runtime added, as text."""
        return dict(self.headers).get(header, b"").decode("utf-8", "replace")

    def original(self) -> Message:
        """The message as it first came, for the topic it came from."""
        kept = tuple((name, value) for name, value in self.headers if not name.startswith("nf-"))
        return Message(self.topic, self.key, self.value, kept)


async def read(settings: KafkaSettings, topics: Iterable[str] = ()) -> list[DeadLetterRecord]:
    """The unresolved dead letters of `topics`, or of every topic, oldest first in each.

    Raises:
        Refused: A topic is none of ours or has no dead letters.
    """
    known = {topic.name: topic.dead_letters for topic in TOPICS if topic.retries}
    if unknown := set(topics) - known.keys():
        raise Refused(f"{', '.join(sorted(unknown))}: no such topic. The topics are {', '.join(known)}.")
    async with AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest") as consumer:
        found = []
        for topic in topics or known:
            found += await _unresolved(topic, TopicPartition(known[topic], 0), consumer)
        return found


async def resolve(letter: DeadLetterRecord, how: Resolution, publisher: Publisher) -> None:
    """Send a dead letter again, or drop it, and note that it was done."""
    if how == "replayed":
        await publisher.publish([letter.original()])
    note = ((RESOLVES, str(letter.offset).encode()), (RESOLUTION, how.encode()))
    await publisher.publish([Message(f"{letter.topic}-dlq", letter.key, None, note)])


async def _unresolved(topic: str, partition: TopicPartition, consumer: AIOKafkaConsumer) -> list[DeadLetterRecord]:
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    await consumer.seek_to_beginning(partition)
    letters: dict[int, DeadLetterRecord] = {}
    while await consumer.position(partition) < end:
        for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, ()):
            resolved = dict(record.headers).get(RESOLVES)
            if resolved is not None:
                letters.pop(int(resolved), None)
            else:
                letters[record.offset] = _letter(topic, record)
    return list(letters.values())


def _letter(topic: str, record: Record) -> DeadLetterRecord:
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    headers = tuple((name, value or b"") for name, value in record.headers)
    return DeadLetterRecord(topic, record.offset, at, record.key, record.value, headers)
