"""What the document worker says of a received fax: pure functions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.base import StoredObject
from schemas.failures import FaxFailure
from schemas.fax import FaxStatusChanged, Missing, ReceivedFaxReady
from schemas.identity import received_fax_id, stranded_fax_id
from schemas.telephony import StrandedUpload, TelephonyFaxReceived

Upload = TelephonyFaxReceived | StrandedUpload
"""What tells of a received fax's upload: telephony, or retention when telephony didn't."""

ACCEPTED, READY = 1, 2
"""Versions of a fax's first two steps."""


@dataclass(frozen=True)
class Documents:
    """What is stored of a received fax and what is known of it."""

    original: StoredObject
    document: StoredObject | None = None
    thumbnail: StoredObject | None = None
    pages: int = 0
    partial: bool = False
    missing: tuple[Missing, ...] = ()
    failure: FaxFailure | None = None


def fax_id_of(event: Upload) -> UUID:
    """The id of the fax that is told of: the same for every repeat."""
    if isinstance(event, StrandedUpload):
        return stranded_fax_id(event.object_key)
    return received_fax_id(event.switch_id, event.call_id, event.fax_ordinal)


def ready(event: Upload, fax_id: UUID, accepted_at: datetime, made: Documents) -> ReceivedFaxReady:
    """The event that hands the fax to the router; of a stranded upload nothing is known but its pages."""
    fax = ReceivedFaxReady(
        fax_id=fax_id,
        version=READY,
        accepted_at=accepted_at,
        received_at=event.uploaded_at if isinstance(event, StrandedUpload) else event.received_at,
        original=made.original,
        document=made.document,
        thumbnail=made.thumbnail,
        pages=made.pages,
        partial=made.partial,
        missing=made.missing,
        failure=made.failure,
        upload=event.object_key,
    )
    return fax if isinstance(event, StrandedUpload) else fax.model_copy(update=_of_call(event))


def _of_call(event: TelephonyFaxReceived) -> dict[str, object]:
    return {
        "called_number": event.called_number,
        "caller_number": event.caller_number,
        "pages_announced": event.pages_announced,
        "call": event.call,
    }


def status(fax: ReceivedFaxReady, at: datetime, *, collided: bool) -> FaxStatusChanged:
    """The step for the fax's history."""
    return FaxStatusChanged(
        fax_id=fax.fax_id,
        version=READY,
        state="unreadable" if fax.document is None else "ready",
        stage="ingest",
        at=at,
        direction="received",
        accepted_at=fax.accepted_at,
        fax_number=fax.called_number,
        other_party=fax.caller_number,
        pages=fax.pages,
        pages_announced=fax.pages_announced,
        partial=fax.partial,
        reason=fax.failure,
        detail=_detail(fax, collided=collided),
        seconds=fax.call.seconds,
    )


def _detail(fax: ReceivedFaxReady, *, collided: bool) -> str:
    if collided:
        return "Another document had come under the same call; this one is kept as a fax of its own."
    return "It was uploaded, and no call told of it." if fax.called_number is None else ""
