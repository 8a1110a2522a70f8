"""What the API answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.failures import FaxFailure
from schemas.fax import FaxState, FaxStatusChanged, Stage
from services._runtime.history import Direction, FaxRow


class View(BaseModel):
    """Made of what we know, so it is validated strictly, and closed, so a client can rely on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AcceptedFax(View):
    """A fax was accepted: it is stored and will be sent. A repeat under the same key has the same answer."""

    id: UUID
    state: Literal["accepted"] = "accepted"
    accepted_at: datetime = Field(description="the fax's date, in UTC")
    account_id: str
    fax_number: str = Field(description="the account's, shown to the far end as the caller")
    to: str = Field(description="as it was written")


class Fax(View):
    """A fax as it is now."""

    id: UUID
    direction: Direction
    state: FaxState
    accepted_at: datetime = Field(description="the fax's date, in UTC")
    updated_at: datetime
    fax_number: str | None = Field(description="the account's")
    other_party: str | None = Field(description="the caller, or the number a fax was sent to")
    pages: int | None
    pages_announced: int | None = Field(description="pages that the far machine meant to send")
    partial: bool = Field(description="received in part")
    reason: FaxFailure | None = Field(description="why it didn't end as hoped")
    rule: str | None = Field(description="the routing rule that decided")

    @classmethod
    def of(cls, row: FaxRow) -> "Fax":
        """A row of the history."""
        return cls(**_told(row))


class Step(View):
    """One step of a fax's way."""

    state: FaxState
    stage: Stage
    at: datetime
    pages: int | None
    reason: FaxFailure | None
    detail: str
    recipient: str | None = Field(description="whom a mail was for")

    @classmethod
    def of(cls, step: FaxStatusChanged) -> "Step":
        """A step as it was published."""
        return cls(
            state=step.state,
            stage=step.stage,
            at=step.at,
            pages=step.pages,
            reason=step.reason,
            detail=step.detail,
            recipient=step.recipient,
        )


class FaxWithSteps(Fax):
    """A fax as it is now, and how it came there."""

    steps: list[Step]

    @classmethod
    def with_steps(cls, row: FaxRow, steps: list[Step]) -> "FaxWithSteps":
        """A row of the history and its steps."""
        return cls(**_told(row), steps=steps)


class FaxList(View):
    """Some faxes of an account, newest first."""

    faxes: list[Fax]
    next: str | None = Field(description="the cursor of the next page; null: there is none")


class Cancellation(View):
    """What became of a wish to cancel.

    `cancelled`: it will not be dialled. `cancelling`: the dialer was asked; a call that has begun is not broken off,
    so ask for the fax to see how it ends.
    """

    id: UUID
    state: Literal["cancelled", "cancelling"]


def _told(row: FaxRow) -> dict[str, object]:
    return {
        "id": row.fax_id,
        "direction": row.direction,
        "state": row.state,
        "accepted_at": row.accepted_at,
        "updated_at": row.updated_at,
        "fax_number": row.fax_number,
        "other_party": row.other_party,
        "pages": row.pages,
        "pages_announced": row.pages_announced,
        "partial": bool(row.partial),
        "reason": row.reason,
        "rule": row.rule,
    }
