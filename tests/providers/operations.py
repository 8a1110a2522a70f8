"""A pipeline for the pages of operations, in memory: what a test puts there, and what was done about it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.retention import HoldChanged
from services._runtime.dead_letters import DeadLetterRecord, Resolution
from services._runtime.lag import Lag
from services._runtime.outcomes import DependencyAway
from services._runtime.retention_report import RetentionReport

SECRET = "Mrs. Jones, +12025550177"


def letter(offset: int, topic: str = "email-requested", reason: str = "attempts-exhausted") -> DeadLetterRecord:
    """A dead letter whose value names a patient."""
    value = {"fax_id": "7c9e6679-7425-50de-944b-e07fc1f90ae7", "account_id": "acc-1", "subject": SECRET}
    headers = (
        ("ce_type", b"nativefax.EmailRequested.v1"),
        ("nf-reason", reason.encode()),
        ("nf-stage", b"email_out"),
        ("nf-detail", b"claim-held"),
        ("x-odd", SECRET.encode()),
    )
    at = datetime.now(UTC) - timedelta(hours=2)
    return DeadLetterRecord(topic, offset, at, SECRET.encode(), json.dumps(value).encode(), headers)


@dataclass
class MemoryOperations:
    """`Operations`; `away` makes every method raise as the real one does when Kafka doesn't answer."""

    behind: list[Lag] = field(default_factory=list)
    dead: list[DeadLetterRecord] = field(default_factory=list)
    last: RetentionReport | None = None
    held: list[HoldChanged] = field(default_factory=list)
    away: bool = False
    resolved: list[tuple[str, Resolution, str]] = field(default_factory=list)

    async def lags(self) -> Sequence[Lag]:
        self._answer()
        return self.behind

    async def letters(self, topic: str = "") -> Sequence[DeadLetterRecord]:
        self._answer()
        return [one for one in self.dead if topic in {"", one.topic}]

    async def resolve(self, letters: Collection[DeadLetterRecord], how: Resolution, by: str) -> None:
        self._answer()
        self.resolved += [(one.name, how, by) for one in letters]
        self.dead = [one for one in self.dead if one not in letters]

    async def report(self) -> RetentionReport | None:
        self._answer()
        return self.last

    async def holds(self) -> Sequence[HoldChanged]:
        self._answer()
        return self.held

    def _answer(self) -> None:
        if self.away:
            raise DependencyAway("kafka", "switched off in a test")
