"""Retry tiers and dead letters: where a message goes that isn't done, and what its headers tell.

A deferred message keeps its key, value and headers and gains ``nf-…`` headers: attempt, not-before, and its origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.topics import RETRY_DELAYS, Topic
from services._runtime.outcomes import DeadLetter, RetryLater
from services._runtime.publisher import Message
from services._runtime.records import Record

ATTEMPT = "nf-attempt"
NOT_BEFORE = "nf-not-before"
REASON = "nf-reason"
LONGEST_WAIT_MS = 2 * 1000 * max(RETRY_DELAYS.values())
"""Twice the longest tier's delay, for clocks that differ."""
DIGITS = 18
"""More than any number we write; a longer one is not ours."""


@dataclass(frozen=True)
class Origin:
    """Where a message first stood, kept through every deferral."""

    topic: str
    partition: int
    offset: int

    def headers(self) -> dict[str, str]:
        """As headers."""
        return {"nf-topic": self.topic, "nf-partition": str(self.partition), "nf-offset": str(self.offset)}


def attempt_of(record: Record) -> int:
    """Which attempt this is, from 1."""
    return _number(record, ATTEMPT, 1)


def not_before(record: Record) -> float:
    """Seconds since the epoch before which the record may not be handled; 0 if it never was deferred.

    Never more than the longest tier after the record was written: nobody's header holds a partition for ever.
    """
    return min(_number(record, NOT_BEFORE, 0), record.timestamp + LONGEST_WAIT_MS) / 1000


def after(outcome: RetryLater, record: Record, topic: Topic, now: datetime) -> Message | DeadLetter:
    """The message for the retry tier, or the dead letter if its attempts are used up."""
    attempt = attempt_of(record)
    if outcome.not_before is not None:
        tier, delay = _tier_until(outcome.not_before - now, topic)
    elif outcome.horizon is None and attempt >= outcome.attempts:
        return _exhausted(outcome)
    else:
        tiers = list(topic.tiers.items())
        tier, delay = tiers[min(attempt, len(tiers)) - 1]
        attempt += 1
    due = now + timedelta(seconds=delay)
    added = {ATTEMPT: str(attempt), NOT_BEFORE: str(int(due.timestamp() * 1000)), REASON: outcome.reason}
    return _again(record, tier, added)


def _tier_until(remaining: timedelta, topic: Topic) -> tuple[str, int]:
    """The tier with the longest delay that doesn't wait too long, or else the shortest."""
    shortest, *longer = topic.tiers.items()
    fitting = [(tier, delay) for tier, delay in longer if delay <= remaining.total_seconds()]
    return fitting[-1] if fitting else shortest


def _exhausted(outcome: RetryLater) -> DeadLetter:
    if outcome.reason in {"object-missing", "objects-not-deleted", "unexpected-error"}:
        return DeadLetter(outcome.reason, outcome.detail)
    return DeadLetter("attempts-exhausted", f"{outcome.reason} {outcome.detail}".strip())


def dead_letter(outcome: DeadLetter, record: Record, topic: Topic, stage: str, now: datetime) -> Message:
    """The message for the dead-letter topic: bytes and headers as they came, and what went wrong."""
    told = {
        "nf-stage": stage,
        REASON: outcome.reason,
        "nf-detail": outcome.detail[:500],
        "nf-failed-at": now.isoformat(),
    }
    return _again(record, topic.dead_letters, told)


def _again(record: Record, destination: str, added: Mapping[str, str]) -> Message:
    kept = {**_origin(record).headers(), **added}
    own = tuple((name, text.encode()) for name, text in kept.items())
    return Message(
        destination,
        record.key,
        record.value,
        (*((name, value or b"") for name, value in record.headers if name not in kept), *own),
    )


def _origin(record: Record) -> Origin:
    topic = dict(record.headers).get("nf-topic")
    if topic:
        return Origin(
            topic.decode("ascii", "replace"), _number(record, "nf-partition", 0), _number(record, "nf-offset", 0)
        )
    return Origin(record.topic, record.partition, record.offset)


def _number(record: Record, header: str, default: int) -> int:
    for name, value in record.headers:
        if name == header and value is not None and value.isdigit() and len(value) <= DIGITS:
            return int(value)
    return default
