"""Kafka records for tests of the runtime."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from schemas.envelope import encode
from schemas.retention import FaxExpired
from schemas.topics import FAX_EXPIRED
from services._runtime.publisher import Message

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
EVENT = FaxExpired(
    fax_id=UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7"), accepted_at=NOW, expired_at=NOW, objects=3, size=10
)


@dataclass(frozen=True)
class FakeRecord:
    """The part of aiokafka's ConsumerRecord that the runtime reads."""

    offset: int = 0
    topic: str = FAX_EXPIRED.name
    partition: int = 0
    key: bytes | None = b"key"
    value: bytes | None = b"{}"
    headers: Sequence[tuple[str, bytes | None]] = field(default=())
    timestamp: int = int(NOW.timestamp() * 1000)


def sound_record(offset: int = 0, *more: tuple[str, bytes]) -> FakeRecord:
    value, headers = encode(EVENT, source="retention", at=NOW)
    return FakeRecord(offset, value=value, headers=(*headers, *more))


def delivered(message: Message, offset: int = 0) -> FakeRecord:
    """What a consumer sees of a published message."""
    return FakeRecord(offset, message.topic, 0, message.key, message.value, message.headers)
