"""The events of a fax on its way through the stages."""

from typing import Literal

from pydantic import Field

from schemas.accounts import Brand
from schemas.base import (
    CallerId,
    EmailAddress,
    Event,
    FaxEvent,
    Frozen,
    Instant,
    Name,
    PhoneNumber,
    StoredObject,
    Text,
)
from schemas.failures import FaxFailure
from schemas.telephony import CallReport

Stage = Literal["ingest", "router", "email_out", "ata", "dialer", "retention", "telephony", "portal"]


class Attachment(Frozen):
    """One submitted file, in the order it was attached."""

    filename: Text
    document: StoredObject


class FaxSubmitted(FaxEvent):
    """A gateway accepted a fax to send."""

    account_id: Name
    fax_number: PhoneNumber
    method: Literal["email", "portal", "ata"]
    sender: Text = Field(description="email address, user name or serial number that was authenticated")
    destination: Text = Field(description="as the user wrote it")
    subject: Text = ""
    accepted_at: Instant
    attachments: tuple[Attachment, ...] = Field(min_length=1, max_length=40)
    cover_text: str | None = Field(default=None, max_length=4000)


class Missing(Frozen):
    """One thing the line took from a fax, in words a person understands."""

    page: int | None = Field(default=None, ge=1)
    what: Text


class ReceivedFaxReady(FaxEvent):
    """A received fax is stored and converted, or is known to be unreadable (`failure`); the original is kept."""

    accepted_at: Instant
    called_number: PhoneNumber
    caller_number: CallerId | None = None
    received_at: Instant
    original: StoredObject
    document: StoredObject | None = None
    thumbnail: StoredObject | None = None
    pages: int = Field(ge=0)
    pages_announced: int | None = Field(default=None, ge=0)
    partial: bool = False
    missing: tuple[Missing, ...] = Field(default=(), max_length=21)
    failure: FaxFailure | None = None
    call: CallReport = CallReport()


class SubmittedFaxReady(FaxEvent):
    """A submitted fax is converted to the pages that will be dialled, or can't be (`failure`)."""

    accepted_at: Instant
    account_id: Name
    fax_number: PhoneNumber
    method: Literal["email", "portal", "ata"]
    sender: Text
    destination: Text
    subject: Text = ""
    document: StoredObject | None = None
    pages: int = Field(ge=0)
    failure: FaxFailure | None = None


class EmailRequested(FaxEvent):
    """Send one mail to one recipient. All that the mail says is here: later stages ask nobody."""

    purpose: Literal["received", "unreadable", "sent", "failed", "refused"]
    account_id: Name
    accepted_at: Instant
    requested_at: Instant
    recipient: EmailAddress
    policy: Literal["attachment", "link"]
    brand: Brand
    fax_number: PhoneNumber
    other_party: CallerId | None = Field(default=None, description="the caller, or the destination of a sent fax")
    station_id: CallerId | None = None
    time_zone: Name = "UTC"
    pages: int = Field(ge=0)
    pages_announced: int | None = Field(default=None, ge=0)
    partial: bool = False
    missing: tuple[Missing, ...] = Field(default=(), max_length=21)
    failure: FaxFailure | None = None
    subject: Text = Field(default="", description="the user's own subject, echoed in receipts")
    document: StoredObject | None = None


class AtaRequested(FaxEvent):
    """Hold a received fax for a device; `fallback` is published if it isn't taken by `deadline`."""

    account_id: Name
    serial: Name
    accepted_at: Instant
    document: StoredObject
    pages: int = Field(ge=1)
    deadline: Instant
    fallback: tuple[EmailRequested, ...] = Field(default=(), max_length=4)


class FaxToDial(FaxEvent):
    """A submitted fax may be dialled."""

    account_id: Name
    accepted_at: Instant
    destination: PhoneNumber
    caller_number: PhoneNumber
    document: StoredObject
    pages: int = Field(ge=1)
    header_text: Text = ""


FaxState = Literal[
    "accepted",
    "ready",
    "unreadable",
    "routed",
    "junk",
    "unclaimed",
    "emailed",
    "mail-deferred",
    "mail-failed",
    "mail-bounced",
    "dialling",
    "delivered",
    "failed",
    "refused",
    "cancelled",
    "outcome-unknown",
    "expired",
]


class FaxStatusChanged(FaxEvent):
    """One step of one fax, for its history. Steps of equal version order by `at`."""

    state: FaxState
    stage: Stage
    at: Instant
    direction: Literal["received", "sent"]
    accepted_at: Instant
    account_id: Name | None = None
    fax_number: PhoneNumber | None = None
    other_party: CallerId | None = None
    pages: int | None = Field(default=None, ge=0)
    pages_announced: int | None = Field(default=None, ge=0)
    partial: bool | None = None
    reason: FaxFailure | None = None
    rule: Name | None = Field(default=None, description="the routing rule that decided")
    detail: Text = ""
    message_id: Text | None = None
    recipient: EmailAddress | None = None


class TablePositionReported(Event):
    """How far one process has read `fax-accounts`; an account is live when every table has passed it."""

    instance: Name
    stage: Stage
    at: Instant
    positions: dict[str, int] = Field(description="partition number → next offset")
