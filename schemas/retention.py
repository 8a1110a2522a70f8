"""Holds, retention tasks and the tombstones of what is gone."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Event, Instant, Name, Text


class HoldChanged(Event):
    """A hold was set or lifted; `scope` is ``fax:<id>``, ``account:<id>`` or ``domain:<name>``."""

    scope: Name
    held: bool
    reason: Text
    by: Text
    at: Instant


class RetentionRequested(Event):
    """Delete what is due: the whole `day`, or only `fax_ids` of it (shorter account retentions)."""

    day: date
    due_before: Instant
    fax_ids: tuple[UUID, ...] | None = Field(default=None, max_length=300)

    @model_validator(mode="after")
    def _not_empty(self) -> "RetentionRequested":
        if self.fax_ids is not None and not self.fax_ids:
            raise ValueError("a task for named faxes names at least one")
        return self


class FaxExpired(Event):
    """A fax is gone. Nothing of its content is told."""

    fax_id: UUID
    account_id: Name | None = None
    accepted_at: Instant
    expired_at: Instant
    cause: Literal["retention", "deleted-by-user"] = "retention"
    objects: int = Field(ge=0)
    size: int = Field(ge=0, description="bytes")
