"""The events of a fax on its way through the stages."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.accounts import Brand, LinkAccess
from schemas.base import (
    CallerId,
    EmailAddress,
    Event,
    FaxEvent,
    Frozen,
    Instant,
    Name,
    ObjectKey,
    PhoneNumber,
    StoredObject,
    Subaddress,
    Text,
)
from schemas.failures import FaxFailure
from schemas.telephony import CallReport

Stage = Literal["ingest", "router", "email_out", "ata", "dialer", "retention", "telephony", "portal"]


SubmissionMethod = Literal["email", "portal", "ata"]
"""How a fax was submitted; the HTTP API counts as the portal."""


class Attachment(Frozen):
    """One submitted file, in the order it was attached."""

    filename: Annotated[Text, StringConstraints(max_length=60)]
    document: StoredObject


class Cover(Frozen):
    """What a cover page says beside sender, destination, subject and date."""

    brand: Brand
    text: StoredObject | None = Field(default=None, description="plain text, UTF-8")


class FaxSubmitted(FaxEvent):
    """A gateway accepted a fax to send. All that its pages will show is here: the document worker asks nobody."""

    account_id: Name
    fax_number: PhoneNumber
    method: SubmissionMethod
    sender: Text = Field(description="email address, token or serial number that was authenticated")
    destination: Text = Field(description="as the user wrote it")
    subaddress: Subaddress | None = None
    subject: Text = ""
    reply_to: EmailAddress | None = Field(default=None, description="who is told by mail how it ends; None: nobody")
    accepted_at: Instant
    attachments: tuple[Attachment, ...] = Field(min_length=1, max_length=30)
    cover: Cover | None = None
    header_text: Text = Field(default="", description="who the sender is, on top of each page")
    time_zone: Name = "UTC"
    paper: Literal["letter", "a4"] = Field(default="letter", description="of pages made of text")
    resolution: Literal["standard", "fine"] = Field(default="fine", description="204 x 98 or 204 x 196 dpi")


class RenderRequested(FaxEvent):
    """Make the pages of a submitted fax anew: the machine at `destination` can't take them as they are.

    They become 204 x 98 dpi, and no longer than A4 if `a4`: what every fax machine takes (ITU-T T.30, 5.3.6.2).
    """

    account_id: Name
    accepted_at: Instant
    destination: PhoneNumber
    a4: bool = Field(default=False, description="longer pages are made smaller, in proportion")


class FaxRendered(FaxEvent):
    """The answer to `RenderRequested`: the TIFF to dial from now on; None if it can't be made."""

    account_id: Name
    accepted_at: Instant
    destination: PhoneNumber
    document: StoredObject | None = None
    pages: int = Field(default=0, ge=0)


class Missing(Frozen):
    """One thing the line took from a fax, in words a person understands."""

    page: int | None = Field(default=None, ge=1)
    what: Text


class ReceivedFaxReady(FaxEvent):
    """A received fax is stored and converted, or is known to be unreadable (`failure`); the original is kept."""

    accepted_at: Instant
    called_number: PhoneNumber | None = Field(default=None, description="None: no call told of the upload")
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
    upload: ObjectKey | None = Field(
        default=None, description="what telephony uploaded, which is gone by itself in time"
    )


class ReleaseRequested(FaxEvent):
    """Deliver a received fax that was set aside as junk or unclaimed, as one of this account, whoever called.

    Whether `by` may ask for it has been checked. The account is still looked up: what it says now counts, and if the
    number is no longer its own, nothing is delivered.
    """

    accepted_at: Instant
    account_id: Name
    fax_number: PhoneNumber
    by: Text = Field(description="who released it, as the audit log names them")
    requested_at: Instant


class SubmittedFaxReady(FaxEvent):
    """A submitted fax is converted to the pages that will be dialled, or can't be (`failure`)."""

    accepted_at: Instant
    account_id: Name
    fax_number: PhoneNumber
    method: SubmissionMethod
    sender: Text
    destination: Text
    subaddress: Subaddress | None = None
    subject: Text = ""
    reply_to: EmailAddress | None = None
    resolution: Literal["standard", "fine"] = "fine"
    document: StoredObject | None = Field(default=None, description="the TIFF to dial: G4, 1728 pixels across")
    preview: StoredObject | None = Field(default=None, description="the same pages as a PDF")
    thumbnail: StoredObject | None = None
    pages: int = Field(ge=0)
    failure: FaxFailure | None = None
    failed_file: Text = Field(default="", description="the attachment that `failure` is about")


Direction = Literal["received", "sent"]
"""Which way a fax went."""


class Forward(Frozen):
    """By whom a fax is forwarded by mail; `forward_id` is the same however often they press the button."""

    forward_id: UUID
    by: Text = Field(description="as the audit log names them")
    direction: Direction


class EmailRequested(FaxEvent):
    """Send one mail to one recipient. All that the mail says is here: later stages ask nobody."""

    purpose: Literal["received", "unreadable", "sent", "failed", "refused", "forwarded"]
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
    failed_file: Text = Field(default="", description="the attachment that `failure` is about")
    subject: Text = Field(default="", description="the user's own subject, echoed in receipts")
    document: StoredObject | None = None
    link_access: LinkAccess = Field(default="token", description="of the link, if it carries one")
    forward: Forward | None = Field(default=None, description="given if and only if the purpose is forwarded")

    @model_validator(mode="after")
    def _consistent(self) -> "EmailRequested":
        if (self.purpose == "forwarded") != (self.forward is not None):
            raise ValueError("who forwards a fax is given if and only if it is forwarded")
        return self

    @property
    def direction(self) -> Direction:
        """Which way the fax went."""
        if self.forward is not None:
            return self.forward.direction
        return "received" if self.purpose in {"received", "unreadable"} else "sent"


class AtaRequested(FaxEvent):
    """Hold a received fax for a device; `fallback` is published if it isn't taken by `deadline`."""

    account_id: Name
    serial: Name
    accepted_at: Instant
    document: StoredObject
    pages: int = Field(ge=1)
    deadline: Instant
    fallback: tuple[EmailRequested, ...] = Field(default=(), max_length=4)


class AtaNoticeRequested(FaxEvent):
    """Print a page at a device that says how a fax sent from it ended.

    The page says what `mail` says, which is sent in its place if the device hasn't taken the page by `deadline`: one of
    the two, never both.
    """

    account_id: Name
    serial: Name
    accepted_at: Instant
    mail: EmailRequested
    thumbnail: StoredObject | None = Field(default=None, description="of the first page")
    deadline: Instant


class FaxToDial(FaxEvent):
    """A submitted fax may be dialled. All that its receipt will say is here: the dialer asks nobody."""

    account_id: Name
    fax_number: PhoneNumber = Field(description="the account's, shown to the far end as the caller")
    accepted_at: Instant
    method: SubmissionMethod
    sender: Text
    destination: PhoneNumber
    subaddress: Subaddress | None = None
    resolution: Literal["standard", "fine"] = "fine"
    document: StoredObject
    preview: StoredObject | None = None
    thumbnail: StoredObject | None = None
    pages: int = Field(ge=1)
    subject: Text = ""
    reply_to: EmailAddress | None = None
    policy: Literal["attachment", "link"] = Field(description="whether a receipt carries the document")
    brand: Brand
    time_zone: Name = "UTC"
    link_access: LinkAccess = Field(default="token", description="of a link in a receipt")


class CancelRequested(FaxEvent):
    """The sender takes back a fax that was handed to the dialer; a call that has begun is not broken off."""

    account_id: Name
    accepted_at: Instant
    destination: PhoneNumber
    requested_at: Instant


FaxState = Literal[
    "accepted",
    "ready",
    "unreadable",
    "routed",
    "at-device",
    "printed",
    "junk",
    "unclaimed",
    "emailed",
    "mail-deferred",
    "mail-failed",
    "mail-bounced",
    "dialling",
    "waiting-to-redial",
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
    direction: Direction
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
    reseller: Name | None = Field(default=None, description="whose customer the account is, or was")
    domain: Name | None = Field(default=None, description="the account's, or that of the number when it was removed")
    seconds: float | None = Field(default=None, ge=0, description="line time of the call that ended with this step")
    forwarded_by: Text | None = Field(
        default=None, description="who forwarded it by mail: of that mail's steps, which don't say how the fax stands"
    )


class TablePositionReported(Event):
    """How far one process has read `fax-accounts`; an account is live when every table has passed it."""

    instance: Name
    stage: Stage
    at: Instant
    positions: dict[str, int] = Field(description="partition number → next offset")
