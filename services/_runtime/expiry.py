"""Late events of faxes that are older than anything may be kept: they end as *expired*, whatever stage they reach."""

from datetime import datetime
from uuid import UUID

from schemas.base import Event, FaxEvent
from schemas.fax import AtaRequested, EmailRequested, FaxStatusChanged, ReceivedFaxReady, ReleaseRequested
from schemas.retention import LONGEST


def is_expired(accepted_at: datetime, now: datetime) -> bool:
    """Whether a fax accepted at `accepted_at` is older than 365 days, to the microsecond."""
    return now - accepted_at > LONGEST


def expiry(event: Event, now: datetime) -> FaxStatusChanged | None:
    """The step that ends `event` if it asks for work on an expired fax.

    Only events that carry the fax's date (`accepted_at`) can tell. A status asks for no work.
    """
    accepted_at = getattr(event, "accepted_at", None)
    if not isinstance(event, FaxEvent) or isinstance(event, FaxStatusChanged) or accepted_at is None:
        return None
    return expired_by(event, now) if is_expired(accepted_at, now) else None


def expired_by(event: FaxEvent, now: datetime) -> FaxStatusChanged:
    """The step that ends `event`, which carries the date of a fax that is gone."""
    accepted_at: datetime = getattr(event, "accepted_at")  # noqa: B009 - of those that ask for work
    account_id = getattr(event, "account_id", None)
    received = _was_received(event)
    return expired_step(event.fax_id, event.version + 1, accepted_at, now, received=received, account_id=account_id)


def expired_step(
    fax_id: UUID, version: int, accepted_at: datetime, now: datetime, *, received: bool, account_id: str | None = None
) -> FaxStatusChanged:
    """The step of a fax's history that says so."""
    return FaxStatusChanged(
        fax_id=fax_id,
        version=version,
        state="expired",
        stage="retention",
        at=now,
        direction="received" if received else "sent",
        accepted_at=accepted_at,
        account_id=account_id,
        reason="expired",
    )


def _was_received(event: FaxEvent) -> bool:
    if isinstance(event, EmailRequested):
        return event.direction == "received"
    return isinstance(event, ReceivedFaxReady | ReleaseRequested | AtaRequested)
