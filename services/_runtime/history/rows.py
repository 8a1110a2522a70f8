"""What the history says of faxes: one row each, in pages, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from schemas.failures import FaxFailure
from schemas.fax import FaxState

Direction = Literal["received", "sent"]


@dataclass(frozen=True)
class FaxRow:
    """One fax as it stands.

    Attributes:
        fax_id: Of the fax.
        account_id: Whose it is; None while it is nobody's.
        direction: Which way it went.
        state: How it stands: see `services.portal.history.domain.row_of`.
        accepted_at: The fax's date, in UTC.
        updated_at: When its latest step happened, in UTC.
        version: The highest of its steps.
        fax_number: The account's number, E.164.
        other_party: The caller of a received fax, the destination of a sent one.
        pages: How many there are, if that is known.
        pages_announced: How many the far machine meant to send.
        partial: Whether something is missing.
        reason: Why it stands so, if it isn't as hoped.
        rule: The routing rule that decided.
    """

    fax_id: UUID
    account_id: str | None
    direction: Direction
    state: FaxState
    accepted_at: datetime
    updated_at: datetime
    version: int
    fax_number: str | None
    other_party: str | None
    pages: int | None
    pages_announced: int | None
    partial: bool
    reason: FaxFailure | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last fax of a page: the next page goes on after it, whatever came meanwhile."""

    accepted_at: datetime
    fax_id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Faxes, newest first; `next` is None on the last page."""

    rows: Sequence[FaxRow]
    next: Cursor | None
