"""What telephony tells us, and what we ask of it."""

from typing import Literal
from uuid import UUID

from pydantic import Field

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
)


class CallReport(Event):
    """What a fax engine said of one call (FreeSWITCH mod_spandsp and Asterisk res_fax report these)."""

    result_code: int | None = Field(default=None, description="spandsp's completion code; 0 is OK")
    result_text: Text | None = None
    hangup_cause: int | None = Field(default=None, ge=0, le=127, description="Q.850 cause")
    sip_status: int | None = Field(default=None, ge=100, le=699)
    station_id: CallerId | None = Field(default=None, description="what the far machine calls itself (CSI/TSI)")
    pages_transferred: int | None = Field(default=None, ge=0)
    bad_rows: int | None = Field(default=None, ge=0)
    ecm: bool | None = Field(default=None, description="error correction was used")
    bit_rate: int | None = Field(default=None, ge=0, description="bit/s")
    seconds: float | None = Field(default=None, ge=0, description="line time in seconds")


class TelephonyFaxReceived(Event):
    """A switch took a fax and uploaded its TIFF. `call_id` and `fax_ordinal` make a repeat the same fax."""

    switch_id: Name
    call_id: Name
    fax_ordinal: int = Field(default=0, ge=0, description="which fax of the call, from 0")
    called_number: PhoneNumber
    caller_number: CallerId | None = None
    received_at: Instant = Field(description="the switch's clock: shown, never used for keys or retention")
    object_key: IncomingKey
    pages_announced: int | None = Field(default=None, ge=0, description="pages the far machine meant to send")
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
    pages_total: int | None = Field(default=None, ge=0)
    ended_at: Instant
    call: CallReport = CallReport()
