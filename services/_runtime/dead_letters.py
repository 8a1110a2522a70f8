"""The dead letters of every topic: read, sent again, or dropped.

A topic can't forget one message, so what became of a dead letter is a message behind it: headers ``nf-resolves`` (the
offset it speaks of), ``nf-resolution`` and ``nf-by``. Sending again is published first and noted after; done twice,
the fax's id, claims and stored decision make it harmless.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import TOPICS
from services._runtime.kafka import client_options
from services._runtime.publisher import Message, Publishes
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

RESOLVES, RESOLUTION, BY = "nf-resolves", "nf-resolution", "nf-by"
Resolution = Literal["replayed", "dropped"]

TECHNICAL: Final = (
    "fax_id",
    "account_id",
    "version",
    "state",
    "stage",
    "direction",
    "purpose",
    "method",
    "accepted_at",
    "received_at",
    "requested_at",
    "at",
    "attempt_id",
    "switch_id",
    "call_id",
    "object_key",
    "serial",
    "scope",
    "day",
    "rule",
    "reason",
    "failure",
)
"""Fields of events that say nothing of a fax's content, nor who wrote to whom."""


class UnknownTopic(LookupError):  # noqa: N818 - it says what it is
    """A topic is none of ours, or has no dead letters; the message names those that have."""


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
        """How commands and pages call it: ``topic/offset``."""
        return f"{self.topic}/{self.offset}"

    def told(self, header: str) -> str:
        """One of the headers the runtime added, as text."""
        return dict(self.headers).get(header, b"").decode("utf-8", "replace")

    @property
    def event(self) -> str:
        """What kind of event it is, as its sender named it."""
        return self.told("ce_type").removeprefix("nativefax.").removesuffix(".v1")

    @property
    def technical(self) -> Mapping[str, str]:
        """The fields of its event that say nothing of a fax's content; none if it can't be read."""
        with suppress(ValueError):
            value = json.loads(self.value or b"")
            if isinstance(value, dict):
                return {name: str(value[name])[:200] for name in TECHNICAL if name in value}
        return {}

    def original(self) -> Message:
        """The message as it first came, for the topic it came from."""
        kept = tuple((name, value) for name, value in self.headers if not name.startswith("nf-"))
        return Message(self.topic, self.key, self.value, kept)


async def read(settings: KafkaSettings, topics: Collection[str] = ()) -> list[DeadLetterRecord]:
    """The unresolved dead letters of `topics`, or of every topic, oldest first in each.

    Raises:
        UnknownTopic: A topic is none of ours or has no dead letters.
        KafkaError: No broker answers.
    """
    known = {topic.name: topic.dead_letters for topic in TOPICS if topic.retries}
    if unknown := set(topics) - known.keys():
        raise UnknownTopic(f"{', '.join(sorted(unknown))}: no such topic. The topics are {', '.join(known)}.")
    async with AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest") as consumer:
        found = []
        for topic in topics or known:
            found += await _unresolved(topic, TopicPartition(known[topic], 0), consumer)
        return found


async def resolve(letter: DeadLetterRecord, how: Resolution, publisher: Publishes, by: str) -> None:
    """Send a dead letter again, or drop it, and note that it was done, and by whom.

    Raises:
        PublishUnknown: Kafka didn't confirm; do it again.
    """
    if how == "replayed":
        await publisher.publish([letter.original()])
    note = ((RESOLVES, str(letter.offset).encode()), (RESOLUTION, how.encode()), (BY, by.encode()))
    await publisher.publish([Message(f"{letter.topic}-dlq", letter.key, None, note)])


def with_reason(letters: Iterable[DeadLetterRecord], reason: str | None) -> list[DeadLetterRecord]:
    """Those with that reason; None: all."""
    return [one for one in letters if reason in {None, one.told("nf-reason")}]


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
