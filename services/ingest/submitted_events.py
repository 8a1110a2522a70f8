"""What the document worker says of a submitted fax: pure functions."""

from dataclasses import dataclass
from datetime import datetime

from schemas.base import StoredObject
from schemas.failures import FaxFailure
from schemas.fax import FaxStatusChanged, FaxSubmitted, SubmittedFaxReady
from services.ingest.domain import READY

COVER_TEXT_NAME = "cover page"
"""What the sender is told if it is the cover page's text that can't be faxed."""


@dataclass(frozen=True)
class Made:
    """What is stored of a submitted fax, or why it can't be faxed.

    Attributes:
        failed_file: Number of the attachment that `failure` is about, from 0; -1: the cover page; None: no single one.
    """

    document: StoredObject | None = None
    preview: StoredObject | None = None
    thumbnail: StoredObject | None = None
    pages: int = 0
    failure: FaxFailure | None = None
    failed_file: int | None = None


def ready(event: FaxSubmitted, made: Made) -> SubmittedFaxReady:
    """The event that hands the fax to the router."""
    return SubmittedFaxReady(
        fax_id=event.fax_id,
        version=READY,
        accepted_at=event.accepted_at,
        account_id=event.account_id,
        fax_number=event.fax_number,
        method=event.method,
        sender=event.sender,
        destination=event.destination,
        subaddress=event.subaddress,
        subject=event.subject,
        reply_to=event.reply_to,
        resolution=event.resolution,
        document=made.document,
        preview=made.preview,
        thumbnail=made.thumbnail,
        pages=made.pages,
        failure=made.failure,
        failed_file=failed_name(event, made.failed_file),
    )


def failed_name(event: FaxSubmitted, number: int | None) -> str:
    """The name of the file that can't be faxed, as its sender knows it."""
    if number is None:
        return ""
    return COVER_TEXT_NAME if number < 0 else event.attachments[number].filename


def status(event: FaxSubmitted, made: Made, at: datetime) -> FaxStatusChanged:
    """The step for the fax's history."""
    return FaxStatusChanged(
        fax_id=event.fax_id,
        version=READY,
        state="unreadable" if made.document is None else "ready",
        stage="ingest",
        at=at,
        direction="sent",
        accepted_at=event.accepted_at,
        account_id=event.account_id,
        fax_number=event.fax_number,
        other_party=event.destination[:64] or None,
        pages=made.pages,
        reason=made.failure,
        detail=failed_name(event, made.failed_file),
    )
