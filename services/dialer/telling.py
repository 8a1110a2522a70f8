"""What the dialer tells of one fax: requests to telephony, steps of its history, and receipts. Pure functions."""

from datetime import datetime, timedelta

from schemas.failures import FaxFailure
from schemas.fax import AtaNoticeRequested, EmailRequested, FaxState, FaxStatusChanged
from schemas.identity import attempt_id
from schemas.telephony import DialRequested
from services._runtime.display import count
from services._runtime.notices import notice
from services.dialer.rules import Rules
from services.dialer.sending import Sending


def dial(sending: Sending, now: datetime, rules: Rules) -> DialRequested:
    """The request for the call at hand."""
    fax = sending.fax
    return DialRequested(
        fax_id=fax.fax_id,
        version=sending.version,
        attempt_id=attempt_id(fax.fax_id, sending.attempt),
        attempt=sending.attempt,
        destination=fax.destination,
        caller_number=fax.fax_number,
        document=fax.document,
        pages=fax.pages,
        first_page=sending.first_page,
        subaddress=fax.subaddress,
        mode=sending.mode,
        not_after=now + timedelta(seconds=rules.start),
        longest_call_seconds=rules.call_seconds(sending.asked[-1].count),
    )


def status(sending: Sending, state: FaxState, detail: str = "", reason: FaxFailure | None = None) -> FaxStatusChanged:
    """The step of the fax's history that `sending` just took."""
    fax = sending.fax
    return FaxStatusChanged(
        fax_id=fax.fax_id,
        version=sending.version,
        state=state,
        stage="dialer",
        at=sending.since,
        direction="sent",
        accepted_at=fax.accepted_at,
        account_id=fax.account_id,
        fax_number=fax.fax_number,
        other_party=fax.destination,
        pages=fax.pages,
        partial=in_part(sending),
        reason=reason,
        detail=detail,
    )


def arrived(sending: Sending) -> str:
    """How much of a fax that wasn't delivered arrived, in words; empty if nothing did."""
    return f"{sending.arrived} of {count(sending.fax.pages)} arrived" if in_part(sending) else ""


def in_part(sending: Sending) -> bool:
    """Whether some pages are known to have arrived and others not."""
    return sending.state != "delivered" and 0 < sending.arrived < sending.fax.pages


def receipt(sending: Sending, failure: FaxFailure | None) -> tuple[EmailRequested | AtaNoticeRequested, ...]:
    """What tells the sender how the fax ended, if there is somebody to tell; no failure: it was delivered.

    A fax from a fax machine that wasn't delivered comes back as a page there, and all else as a mail. It is a function
    of the row alone, so that a repeat is the same.
    """
    fax = sending.fax
    if fax.reply_to is None:
        return ()
    mail = _mail(sending, fax.reply_to, failure)
    return (notice(mail, fax.sender, fax.thumbnail) if failure and fax.method == "ata" else mail,)


def _mail(sending: Sending, recipient: str, failure: FaxFailure | None) -> EmailRequested:
    fax = sending.fax
    return EmailRequested(
        fax_id=fax.fax_id,
        version=sending.version,
        purpose="failed" if failure else "sent",
        account_id=fax.account_id,
        accepted_at=fax.accepted_at,
        requested_at=sending.since,
        recipient=recipient,
        policy=fax.policy,
        brand=fax.brand,
        fax_number=fax.fax_number,
        other_party=fax.destination,
        station_id=sending.station_id,
        time_zone=fax.time_zone,
        pages=sending.arrived if in_part(sending) else fax.pages,
        pages_announced=fax.pages,
        partial=in_part(sending),
        failure=failure,
        subject=fax.subject,
        document=fax.preview,
        link_access=fax.link_access,
    )
