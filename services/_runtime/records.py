"""A Kafka record as it came: undecoded, so that one bad record can't stop a batch."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    """A partition of a topic; equal to and hashing like aiokafka's TopicPartition."""

    topic: str
    partition: int


class Record(Protocol):
    """The part of aiokafka's ConsumerRecord that the runtime reads."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


def partition_of(record: Record) -> Partition:
    """Where the record stands."""
    return Partition(record.topic, record.partition)
