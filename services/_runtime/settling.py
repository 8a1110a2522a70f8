"""One record to its end: decode, call the stage's function, and turn the outcome into messages."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Event
from schemas.envelope import InvalidMessage, decode
from services._runtime.claims import utc_now
from services._runtime.deadlines import Deadlines
from services._runtime.expiry import expiry
from services._runtime.metrics import StageMetrics
from services._runtime.outcomes import DeadLetter, DependencyAway, Done, Outcome, RetryLater
from services._runtime.publisher import Message, message_of
from services._runtime.records import Record
from services._runtime.retries import after, attempt_of, dead_letter
from services._runtime.stage import Stage

current_event: ContextVar[Event | None] = ContextVar("current_event", default=None)
"""The event being handled: log lines carry its fax id."""

log = logging.getLogger(__name__)


@dataclass
class Settling:
    """Settles the records of one stage. It never raises but `DependencyAway`."""

    stage: Stage
    metrics: StageMetrics
    now: Callable[[], datetime] = utc_now

    def __post_init__(self) -> None:
        self._deadlines = Deadlines(self.stage.timeout)

    async def __call__(self, record: Record) -> list[Message]:
        """The messages that `record` causes: events, a deferral or a dead letter."""
        began = self.metrics.began()
        try:
            return self._messages(await self._outcome(record), record)
        finally:
            current_event.set(None)
            self.metrics.ended(began)

    async def _outcome(self, record: Record) -> Outcome:
        try:
            event = decode(self.stage.topic, record.headers, record.value)
        except InvalidMessage as invalid:
            return DeadLetter(invalid.reason, invalid.detail)
        current_event.set(event)
        expired = expiry(event, self.now())
        return Done((expired,)) if expired else await self._handle(event)

    async def _handle(self, event: Event) -> Outcome:
        try:
            return await self._deadlines.limited(self.stage.handle(event))
        except DependencyAway:
            raise
        except TimeoutError:
            return RetryLater("handler-timeout", detail=f"over {self.stage.timeout:.0f} s")
        except Exception as error:
            log.exception("unexpected error")
            return RetryLater("unexpected-error", detail=type(error).__name__)

    def _messages(self, outcome: Outcome, record: Record) -> list[Message]:
        if isinstance(outcome, Done):
            try:
                messages = [message_of(event, source=self.stage.name, at=self.now()) for event in outcome.events]
            except ValueError as error:  # over 16 KiB: no attempt makes it smaller, and a restart least of all
                outcome = DeadLetter("unexpected-error", str(error))
            else:
                self.metrics.settled("done", "")
                return messages
        if isinstance(outcome, RetryLater):
            deferred = after(outcome, record, self.stage.topic, self.now())
            if isinstance(deferred, Message):
                self.metrics.settled("retry", outcome.reason)
                self._tell("deferred", record, outcome.reason, outcome.detail)
                return [deferred]
            outcome = deferred
        self.metrics.settled("dead-letter", outcome.reason)
        self._tell("dead letter", record, outcome.reason, outcome.detail)
        return [dead_letter(outcome, record, self.stage.topic, self.stage.name, self.now())]

    def _tell(self, what: str, record: Record, reason: str, detail: str) -> None:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        log.warning(what, extra={**place, "attempt": attempt_of(record), "reason": reason, "detail": detail})
