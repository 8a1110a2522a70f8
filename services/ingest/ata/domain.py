"""A fax, or a page about one, that waits for a device: printed or mailed, never neither. Pure decisions."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from schemas.base import Event, StoredObject
from schemas.fax import AtaNoticeRequested, AtaRequested, EmailRequested, FaxState, FaxStatusChanged
from schemas.identity import notice_id

State = Literal["waiting", "printed", "mailed", "lapsed"]
"""*waiting* has a deadline, the others are final. *lapsed* is a fax that was not taken and has no fallback, since its
user has it some other way; the device may still say that it printed it."""

OVERDUE_RULE = "ata-deadline"


@dataclass(frozen=True)
class HeldFax:
    """One fax for one device, or a page that tells how one sent from it ended.

    Attributes:
        fax_id: Of what waits: the fax's own id, or the page's.
        version: Of this row; each change makes the next.
        request_version: Of the event that brought it.
        due_at: Until then the device may take it.
        sent_fax_id: The sent fax that the page tells of; None: it is a received fax.
    """

    fax_id: UUID
    account_id: str
    serial: str
    state: State
    version: int
    request_version: int
    accepted_at: datetime
    due_at: datetime
    pages: int
    document: StoredObject
    fallback: tuple[EmailRequested, ...]
    changed_at: datetime
    sent_fax_id: UUID | None = None


Transition = tuple[HeldFax, tuple[Event, ...]]
"""What a fax becomes, and what is told of it."""


def hold(request: AtaRequested, now: datetime) -> Transition:
    """A received fax begins to wait."""
    what = {"fax_id": request.fax_id, "document": request.document, "pages": request.pages}
    return _hold(request, now, **what, fallback=request.fallback)


def hold_page(request: AtaNoticeRequested, page: StoredObject, now: datetime) -> Transition:
    """A page that tells how a sent fax ended begins to wait, under an id of its own: one that is corrected has two."""
    what = {"fax_id": notice_id(request.fax_id, request.version), "document": page, "pages": 1}
    return _hold(request, now, **what, fallback=(request.mail,), sent_fax_id=request.fax_id)


def _hold(request: AtaRequested | AtaNoticeRequested, now: datetime, **what: Any) -> Transition:
    fax = HeldFax(
        account_id=request.account_id,
        serial=request.serial,
        state="waiting",
        version=1,
        request_version=request.version,
        accepted_at=request.accepted_at,
        due_at=request.deadline,
        changed_at=now,
        **what,
    )
    return fax, (_step(fax, "at-device", 0, now),)


def acknowledge(fax: HeldFax, now: datetime) -> Transition | None:
    """The device says that it printed the fax; None if nothing follows from that."""
    if fax.state not in {"waiting", "lapsed"}:
        return None
    return _changed(fax, "printed", now), (_step(fax, "printed", 2, now),)


def expire(fax: HeldFax, now: datetime) -> Transition | None:
    """The deadline has come: the fallback goes out, asked for now. None if it hasn't, or the fax no longer waits."""
    if fax.state != "waiting" or now < fax.due_at:
        return None
    mails = tuple(one.model_copy(update={"requested_at": now}) for one in fax.fallback)
    what = "the page" if fax.sent_fax_id else "it"
    told = f"The fax machine did not take {what} in time" + ("; it is sent by mail instead." if mails else ".")
    after = _changed(fax, "mailed" if mails else "lapsed", now)
    if fax.sent_fax_id:  # it stands as it ended, and isn't routed again; the step has a version of its own
        return after, (*mails, _step(fax, "at-device", 1, now, told))
    return after, (*mails, _step(fax, "routed", 0, now, told).model_copy(update={"rule": OVERDUE_RULE}))


def _changed(fax: HeldFax, state: State, now: datetime) -> HeldFax:
    """In a final state; the mails that are no longer needed, with what they say of people, go."""
    return replace(fax, state=state, version=fax.version + 1, fallback=(), changed_at=now)


def _step(fax: HeldFax, state: FaxState, later: int, now: datetime, told: str = "") -> FaxStatusChanged:
    """A step `later` than the request, of the fax that waits or is told of.

    What the device has yet to do has the request's own version, below that of the steps of a mail for the same fax
    (request + 1): having been mailed is not undone by a device that takes nothing. Having been printed is above.
    """
    return FaxStatusChanged(
        fax_id=fax.sent_fax_id or fax.fax_id,
        version=fax.request_version + later,
        state=state,
        stage="ata",
        at=now,
        direction="sent" if fax.sent_fax_id else "received",
        accepted_at=fax.accepted_at,
        account_id=fax.account_id,
        pages=None if fax.sent_fax_id else fax.pages,
        detail=told,
    )
