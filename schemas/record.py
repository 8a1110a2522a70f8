"""How one fax stands and how it came there, stored beside it as JSON (`schemas.keys.RECORD`)."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Frozen, Instant
from schemas.fax import Direction, FaxState, FaxStatusChanged


class Record(Frozen):
    """What the history knew of one fax when it had come to an end for now; the history can be made anew of it.

    It follows from the steps, so whoever writes it again writes the same.
    """

    fax_id: UUID
    direction: Direction
    accepted_at: Instant
    state: FaxState
    steps: tuple[FaxStatusChanged, ...] = Field(min_length=1, description="each once, oldest first")

    @model_validator(mode="after")
    def _of_one_fax(self) -> Self:
        if {step.fax_id for step in self.steps} != {self.fax_id}:
            raise ValueError("a record has the steps of its own fax")
        return self
