"""What telephony tells us, and what we ask of it.

What a switch, a network or the far machine says *of* a call is never a reason to refuse the fax that came with it: what
no call can have is taken as not said.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from schemas.base import (
    CallerId,
    Event,
    FaxEvent,
    IncomingKey,
    Instant,
    Name,
    PhoneNumber,
    StoredObject,
    Subaddress,
    Text,
    one_line,
)

MOST: Final = 2**31 - 1
"""More pages, rows or seconds no call has; a switch whose "unknown" is -1 may write it as 4294967295."""

_OUT_OF_BOUNDS: Final = frozenset({"greater_than_equal", "less_than_equal"})


def _possible(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """None for a number that no call can have; a value of another type is refused."""
    try:
        number = read(value)
    except ValidationError as error:
        if all(one["type"] in _OUT_OF_BOUNDS for one in error.errors()):
            return None
        raise
    return None if isinstance(number, int | float) and abs(number) > MOST else number


def _line(longest: int) -> BeforeValidator:
    """As much as is kept of what was said, as one line; None if it was nothing."""
    return BeforeValidator(lambda said: one_line(said)[:longest] or None if isinstance(said, str) else said)


Possible: Final = WrapValidator(_possible)
Count = Annotated[int | None, Field(ge=0), Possible]
Caller = Annotated[CallerId | None, _line(64)]


class CallReport(Event):
    """What a fax engine said of one call (FreeSWITCH mod_spandsp and Asterisk res_fax report these)."""

    result_code: Annotated[int | None, Possible] = Field(default=None, description="spandsp's completion code; 0 is OK")
    result_text: Annotated[Text | None, _line(200)] = None
    hangup_cause: Annotated[int | None, Field(ge=0, le=127), Possible] = Field(default=None, description="Q.850 cause")
    sip_status: Annotated[int | None, Field(ge=100, le=699), Possible] = None
    station_id: Caller = Field(default=None, description="what the far machine calls itself (CSI/TSI)")
    pages_transferred: Count = None
    bad_rows: Count = None
    ecm: bool | None = Field(default=None, description="error correction was used")
    bit_rate: Count = Field(default=None, description="bit/s")
    seconds: Annotated[float | None, Field(ge=0), Possible] = Field(default=None, description="line time in seconds")


class TelephonyFaxReceived(Event):
    """A switch took a fax and uploaded its TIFF. `call_id` and `fax_ordinal` make a repeat the same fax."""

    switch_id: Name
    call_id: Name
    fax_ordinal: int = Field(default=0, ge=0, description="which fax of the call, from 0")
    called_number: PhoneNumber
    caller_number: Caller = None
    received_at: Instant = Field(description="the switch's clock: shown, never used for keys or retention")
    object_key: IncomingKey
    pages_announced: Count = Field(default=None, description="pages the far machine meant to send")
    call: CallReport = CallReport()


class StrandedUpload(Event):
    """An upload that no event told of within an hour. It becomes a fax whose number nobody knows.

    Should telephony tell of it after all, that is a fax of its own: the same document may then be there twice, once
    unclaimed.
    """

    object_key: IncomingKey
    uploaded_at: Instant = Field(description="the store's clock")


class DialMode(Event):
    """How to place a call: the modes a retry steps down through."""

    ecm: bool = True
    v17: bool = True
    max_bit_rate: Literal[14400, 9600, 4800] = 14400
    resolution: Literal["standard", "fine", "superfine"] = "fine"


class DialRequested(FaxEvent):
    """Place one call, unless `attempt_id` was seen before or `not_after` has passed."""

    attempt_id: UUID
    attempt: int = Field(ge=1)
    destination: PhoneNumber
    caller_number: PhoneNumber
    document: StoredObject
    pages: int = Field(ge=1)
    first_page: int = Field(default=1, ge=1, description="where to go on, if earlier pages arrived before")
    subaddress: Subaddress | None = None
    mode: DialMode = DialMode()
    not_after: Instant
    longest_call_seconds: int = Field(gt=0)


class TelephonyDialResult(Event):
    """How one attempt ended, or that it never started."""

    fax_id: UUID
    attempt_id: UUID
    outcome: Literal["not-started", "ended"]
    pages_total: Count = None
    ended_at: Instant
    call: CallReport = CallReport()
