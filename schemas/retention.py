"""Holds, retention tasks and the tombstones of what is gone."""

from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Event, IncomingKey, Instant, Name, Text

LONGEST = timedelta(days=365)
"""A fax that is older than this, by the instant of its acceptance and to the second, must be gone."""

SHORTEST = timedelta(days=30)
"""The shortest retention an account may choose: nothing younger is ever deleted for its age."""


class HoldChanged(Event):
    """A hold was set or lifted; `scope` is ``fax:<id>``, ``account:<id>`` or ``domain:<name>``."""

    scope: Name
    held: bool
    reason: Text
    by: Text
    at: Instant


class RetentionRequested(Event):
    """Delete what is due: the whole `day`, or `fax_ids` of it (a part of the day, or shorter account retentions).

    `after` goes on with a day of which the faxes up to that id were handed out before.
    """

    day: date
    due_before: Instant
    after: UUID | None = None
    fax_ids: tuple[UUID, ...] | None = Field(default=None, max_length=300)

    @model_validator(mode="after")
    def _not_empty(self) -> "RetentionRequested":
        if self.fax_ids is not None and not self.fax_ids:
            raise ValueError("a task for named faxes names at least one")
        return self

    @property
    def part(self) -> str:
        """The message key, the day, or of a part of it day and first fax: so parts of one day go to many workers."""
        return f"{self.day}/{self.fax_ids[0]}" if self.fax_ids else str(self.day)


class DeletionRequested(Event):
    """A person deletes one fax for good, whatever its age; a hold keeps it all the same.

    Nothing is deleted unless the fax is this account's. A stage that was at the fax meanwhile asks once more, and names
    the `upload` of telephony's that came of it since.
    """

    fax_id: UUID
    accepted_at: Instant
    account_id: Name
    by: Text = Field(description="who deleted it, as the audit log names them")
    requested_at: Instant
    upload: IncomingKey | None = None


class UploadRepeated(Event):
    """Telephony uploaded a fax once more, elsewhere: the upload that its decision doesn't name has done its service.

    Left over, it would outlive a fax that a person deletes, and be found as one that no event told of.
    """

    fax_id: UUID
    accepted_at: Instant
    upload: IncomingKey


class FaxExpired(Event):
    """A fax is gone. Nothing of its content is told.

    A worker that was killed and went on counts only what it still found, so an event may come again with less, even 0.
    """

    fax_id: UUID
    account_id: Name | None = None
    accepted_at: Instant
    expired_at: Instant
    cause: Literal["retention", "deleted-by-user"] = "retention"
    objects: int = Field(ge=0)
    size: int = Field(ge=0, description="bytes")
