"""What switches post, checked before anything is stored: what is accepted here can always be announced."""

from typing import Annotated, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, RootModel, StringConstraints, ValidationError

from schemas.base import Frozen, Instant, Name, PhoneNumber
from schemas.telephony import Caller, CallReport, Count, TelephonyDialResult
from services.ingest.api.form import wrongs
from services.ingest.telephony.problems import Refused

Variables = Annotated[
    dict[Annotated[str, StringConstraints(max_length=100)], Annotated[str, StringConstraints(max_length=4000)] | int],
    Field(max_length=1000),
]
"""Channel variables of FreeSWITCH or Asterisk, as they are; those that aren't about the fax are passed over."""

T = TypeVar("T", bound=BaseModel)


class ReceivedFax(Frozen):
    """`TelephonyFaxReceived` without its object key; the switch is the token's."""

    switch_id: Name | None = None
    call_id: Name
    fax_ordinal: int = Field(default=0, ge=0, le=10_000, description="which fax of the call, from 0")
    called_number: PhoneNumber
    caller_number: Caller = None
    received_at: Instant
    pages_announced: Count = None
    call: CallReport = CallReport()


class ByUrl(Frozen):
    """A received fax whose file is to be fetched."""

    event: ReceivedFax
    variables: Variables | None = None
    url: str = Field(min_length=8, max_length=2000)


class Result(Frozen):
    """`TelephonyDialResult`, whose `call` may be told by channel variables instead."""

    fax_id: UUID
    attempt_id: UUID
    outcome: Literal["not-started", "ended"] = "ended"
    pages_total: Count = None
    ended_at: Instant
    call: CallReport = CallReport()
    variables: Variables | None = None

    @property
    def event(self) -> TelephonyDialResult:
        """The event, less what the variables tell."""
        return TelephonyDialResult(
            fax_id=self.fax_id,
            attempt_id=self.attempt_id,
            outcome=self.outcome,
            pages_total=self.pages_total,
            ended_at=self.ended_at,
            call=self.call,
        )


class VariablesAlone(RootModel[Variables]):
    """Channel variables in a field of their own."""


def read_json(model: type[T], raw: bytes, where: str = "") -> T:
    """`raw`, which stands at `where` in a request, as a `model`.

    Raises:
        Refused: It isn't one; the errors say what is wrong, and quote nothing.
    """
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Refused("invalid-request", errors=wrongs(error.errors(), where)) from error
