"""A submitted fax's way, as `fax-status` tells it."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from schemas.fax import FaxState, FaxStatusChanged
from services.cli.following import StatusReader, ends

ENDS: frozenset[FaxState] = frozenset({"delivered", "failed", "refused", "cancelled", "outcome-unknown", "expired"})
"""The states in which a submitted fax stays; mails and pages about it come after."""

TOLD = {"emailed", "mail-failed", "printed"}


@dataclass
class SentWay:
    """One fax's way so far."""

    fax_id: UUID
    steps: list[FaxStatusChanged] = field(default_factory=list)

    @property
    def end(self) -> FaxStatusChanged | None:
        """The step with which it ended."""
        return next((step for step in reversed(self.steps) if step.state in ENDS), None)

    @property
    def state(self) -> str:
        """How it stands."""
        last = self.end or (self.steps[-1] if self.steps else None)
        return last.state if last else "unknown"

    @property
    def told(self) -> int:
        """Mails and printed pages about its end."""
        return sum(step.state in TOLD for step in self.steps)

    def line(self) -> dict[str, object]:
        """The JSON line for people and scripts."""
        pages = next((step.pages for step in self.steps if step.pages), None)
        return {
            "fax_id": str(self.fax_id),
            "state": self.state,
            "reason": self.end.reason if self.end else None,
            "pages": pages,
            "detail": self.end.detail if self.end else "",
        }


def follow_sent(fax_ids: Iterable[UUID], reader: StatusReader, seconds: float) -> AsyncIterator[SentWay]:
    """Each fax's way as it ends; after `seconds`, the ways of those that haven't."""

    async def heard(way: SentWay, _: FaxStatusChanged) -> bool:
        return way.end is not None

    return ends({one: SentWay(one) for one in fax_ids}, reader, seconds, heard)
