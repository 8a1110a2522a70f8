"""Which faxes an account no longer keeps, and the tasks that name them: pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from schemas.retention import LONGEST, SHORTEST, RetentionRequested
from services._runtime.history import FaxRow

FAXES: Final = 300
"""Ids in one task, as many as the contract allows."""


class _Settings(BaseModel):
    """The part of an account's settings that matters here."""

    model_config = ConfigDict(extra="ignore")

    retention_days: StrictInt = Field(default=LONGEST.days, ge=SHORTEST.days, le=LONGEST.days)


def shorter_days(settings: str) -> int | None:
    """The retention in an account's `settings` (JSON) if it is shorter than everybody's.

    A setting that the contract doesn't allow shortens nothing: faxes that should have gone can go later.
    """
    try:
        days = _Settings.model_validate_json(settings).retention_days
    except ValidationError:
        return None
    return days if days < LONGEST.days else None


def due_before(days: int, now: datetime) -> datetime:
    """Faxes accepted before this instant are no longer kept; never one that is younger than 30 days."""
    return now - max(timedelta(days=days), SHORTEST)


class Tasks:
    """Faxes in, tasks out: each names at most `FAXES` of one day (UTC). What isn't full waits for more."""

    def __init__(self, bound: datetime) -> None:
        self._bound = bound
        self._waiting: dict[date, list[UUID]] = defaultdict(list)

    def add(self, faxes: Iterable[FaxRow]) -> list[RetentionRequested]:
        """The tasks that are full now. A fax that isn't due by the bound is passed over."""
        full = []
        for fax in faxes:
            if fax.accepted_at < self._bound:
                day = fax.accepted_at.astimezone(UTC).date()
                self._waiting[day].append(fax.fax_id)
                if len(self._waiting[day]) == FAXES:
                    full.append(self._task(day, self._waiting.pop(day)))
        return full

    def rest(self) -> list[RetentionRequested]:
        """The tasks for all that still waits, the oldest day first."""
        tasks = [self._task(day, fax_ids) for day, fax_ids in sorted(self._waiting.items())]
        self._waiting.clear()
        return tasks

    def _task(self, day: date, fax_ids: list[UUID]) -> RetentionRequested:
        return RetentionRequested(day=day, due_before=self._bound, fax_ids=tuple(fax_ids))
