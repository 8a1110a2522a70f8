"""What a stage's function may answer, as one closed type, and the one exception its adapters may raise."""

from dataclasses import dataclass
from datetime import datetime

from schemas.base import Event
from schemas.failures import DeadLetterReason, RetryReason


@dataclass(frozen=True)
class Done:
    """The event is dealt with; `events` are what it caused, in the order to publish."""

    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class RetryLater:
    """Not now, because of this message. Each answer spends one attempt unless a horizon is given.

    Attributes:
        reason: Why, from the closed set.
        horizon: Retry until this moment instead of for a number of attempts; the handler itself ends it after.
        detail: For the log and the dead letter; never contents.
        attempts: How many attempts the message has in all: at once, after 10 s, 2 min, and three times 15 min.
        not_before: Until then there is no point in trying: waiting for it spends no attempt.
    """

    reason: RetryReason
    horizon: datetime | None = None
    detail: str = ""
    attempts: int = 6
    not_before: datetime | None = None


@dataclass(frozen=True)
class DeadLetter:
    """No attempt can make this right: set it aside for a person."""

    reason: DeadLetterReason
    detail: str = ""


Outcome = Done | RetryLater | DeadLetter


class DependencyAway(Exception):  # noqa: N818 - it says what it is; "Error" would say less
    """Something a stage needs is away. The stage pauses, and no message pays an attempt for it."""

    def __init__(self, dependency: str, detail: str = "") -> None:
        super().__init__(f"{dependency} is away{': ' if detail else ''}{detail}")
        self.dependency = dependency
