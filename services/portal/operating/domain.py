"""What is stuck, in an operator's words. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services._runtime.dead_letters import DeadLetterRecord
from services._runtime.lag import Lag
from services._runtime.translating import N_

OLD: Final = timedelta(minutes=5)
"""How long a message may wait before a person should look; one in a retry tier waits on purpose."""

HEADERS: Final[Mapping[str, str]] = {
    "nf-reason": N_("Reason"),
    "nf-detail": N_("Detail"),
    "nf-stage": N_("Stage"),
    "nf-failed-at": N_("Failed at"),
    "nf-attempt": N_("Attempts"),
    "nf-topic": N_("Topic"),
    "nf-partition": N_("Partition"),
    "nf-offset": N_("Offset"),
    "ce_type": N_("Event"),
    "ce_source": N_("Written by"),
    "ce_time": N_("Written at"),
    "ce_id": N_("Event id"),
}
"""What is shown of a dead letter's headers: those we wrote, which never quote a fax."""


@dataclass(frozen=True)
class StageLine:
    """What one stage has before it.

    Attributes:
        stage: Its consumer group.
        topic: What it reads.
        messages: How many wait.
        oldest: When the oldest was written.
        processes: How many processes work at it.
        kind: Whether a person should look.
        words: Why, or that all is well.
    """

    stage: str
    topic: str
    messages: int
    oldest: datetime | None
    processes: int
    kind: Literal["good", "wait", "bad"]
    words: str


def stage_lines(lags: Iterable[Lag], now: datetime) -> Sequence[StageLine]:
    """Every stage's topic; a retry tier only if something waits there."""
    return [
        StageLine(one.stage, one.topic, one.messages, one.oldest, one.processes, *_judged(one, now))
        for one in lags
        if one.messages or "-retry-" not in one.topic
    ]


def _judged(one: Lag, now: datetime) -> tuple[Literal["good", "wait", "bad"], str]:
    if one.processes == 0:
        return ("bad", N_("nobody works at it")) if one.messages else ("wait", N_("no process"))
    if "-retry-" in one.topic:
        return "wait", N_("waits on purpose")
    if one.oldest is not None and now - one.oldest > OLD:
        return "bad", N_("behind")
    return ("wait", N_("working")) if one.messages else ("good", N_("up to date"))


def oldest(lines: Iterable[StageLine]) -> StageLine | None:
    """Whose oldest message has waited longest; retry tiers wait on purpose."""
    waiting = [(one.oldest, at, one) for at, one in enumerate(lines) if one.oldest and "-retry-" not in one.topic]
    return min(waiting)[2] if waiting else None


def told(letter: DeadLetterRecord) -> Sequence[tuple[str, str]]:
    """Labels and values of a dead letter's headers, in reading order."""
    return [(label, letter.told(name)) for name, label in HEADERS.items() if letter.told(name)]
