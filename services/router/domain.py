"""The routing rules of a received fax (docs/architecture.md, Routing): pure decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.decision import Decision
from schemas.failures import FaxFailure
from schemas.fax import (
    AtaRequested,
    EmailRequested,
    FaxState,
    FaxStatusChanged,
    ReceivedFaxReady,
    SubmittedFaxReady,
)
from schemas.retention import UploadRepeated
from services._runtime.destinations import is_blocked
from services._runtime.notices import ATA_DEADLINE

SET_ASIDE: Final = frozenset({"junk", "unclaimed"})
"""States of a received fax that went to nobody, and can be released."""


def decide(fax: ReceivedFaxReady, account: FaxAccount | RemovedAccount | None, now: datetime) -> Decision:
    """The decision about a received fax, given its number's account record.

    It keeps what is known of a fax that is set aside, so that `services.router.release` can decide again.
    """
    decision = _decide(fax, account, now)
    aside = fax if decision.status.state in SET_ASIDE else None
    return decision.model_copy(update={"upload": fax.upload, "received": aside})


def repeated_upload(decision: Decision, fax: ReceivedFaxReady | SubmittedFaxReady) -> tuple[UploadRepeated, ...]:
    """Tells of telephony's upload if `decision`, the one that counts, names another: it uploaded the fax twice."""
    upload = fax.upload if isinstance(fax, ReceivedFaxReady) else None
    if upload is None or decision.upload in {None, upload}:
        return ()
    return (UploadRepeated(fax_id=fax.fax_id, accepted_at=fax.accepted_at, upload=upload),)


def _decide(fax: ReceivedFaxReady, account: FaxAccount | RemovedAccount | None, now: datetime) -> Decision:
    if fax.called_number is None:
        return _set_aside(fax, "number-unknown", "It was uploaded, and no call told which number it was for.", now)
    if account is None:
        return _set_aside(fax, "number-unknown", f"{fax.called_number} is no fax account.", now)
    if isinstance(account, RemovedAccount):
        kept = _set_aside(fax, "number-removed", f"{fax.called_number} was removed from {account.domain}.", now)
        return _known_to(kept, account)
    if is_blocked(fax.caller_number, account):
        return _of(account, fax, now, rule="caller-blocked", why="The account blocks this caller.", state="junk")
    return deliver(account, fax, now)


def deliver(account: FaxAccount, fax: ReceivedFaxReady, now: datetime) -> Decision:
    """The decision to bring a fax to an account, whoever called."""
    emails = _emails(account, fax, now) if account.handling != "portal" else ()
    if fax.document is None:
        why = "The file can't be read; its original is kept and the user is told."
        unreadable = _of(account, fax, now, rule="unreadable", why=why, state="unreadable")
        return unreadable.model_copy(update={"emails": emails})
    why = {
        "email-with-attachment": "The account wants an email with the fax attached.",
        "email-without-attachment": "The account wants an email with a link to the fax.",
        "portal": "The account wants its faxes in the portal only.",
    }[account.handling]
    decided = _of(account, fax, now, rule=account.handling, why=why, state="routed")
    return decided.model_copy(update={"emails": emails, "ata": _ata(account, fax, now)})


def _emails(account: FaxAccount, fax: ReceivedFaxReady, now: datetime) -> tuple[EmailRequested, ...]:
    return tuple(_email(account, fax, recipient, now) for recipient in _recipients(account))


def _recipients(account: FaxAccount) -> Sequence[str]:
    return list({address.lower(): address for address in (account.primary_user.email, *account.notify)}.values())


def _email(account: FaxAccount, fax: ReceivedFaxReady, recipient: str, now: datetime) -> EmailRequested:
    return EmailRequested(
        fax_id=fax.fax_id,
        version=fax.version + 2,
        purpose="received" if fax.document else "unreadable",
        account_id=account.account_id,
        accepted_at=fax.accepted_at,
        requested_at=now,
        recipient=recipient,
        policy="attachment" if account.handling == "email-with-attachment" and fax.document else "link",
        brand=account.brand,
        fax_number=account.fax_number,
        other_party=fax.caller_number,
        station_id=fax.call.station_id,
        time_zone=account.time_zone,
        pages=fax.pages,
        pages_announced=fax.pages_announced,
        partial=fax.partial,
        missing=fax.missing,
        failure=fax.failure,
        document=fax.document,
        link_access=account.link_access,
    )


def _ata(account: FaxAccount, fax: ReceivedFaxReady, now: datetime) -> AtaRequested | None:
    if account.ata is None or fax.document is None:
        return None
    return AtaRequested(
        fax_id=fax.fax_id,
        version=fax.version + 2,
        account_id=account.account_id,
        serial=account.ata.serial,
        accepted_at=fax.accepted_at,
        document=fax.original,
        pages=fax.pages,
        deadline=now + ATA_DEADLINE,
        fallback=_emails(account, fax, now)[:1] if account.handling == "portal" else (),
    )


def _of(account: FaxAccount, fax: ReceivedFaxReady, now: datetime, *, rule: str, why: str, state: FaxState) -> Decision:
    decision = Decision(
        rule=rule,
        why=why,
        account_id=account.account_id,
        account_version=account.version,
        decided_at=now,
        status=_status(fax, state, rule, now, account_id=account.account_id),
        missing=fax.missing,
    )
    return _known_to(decision, account)


def _known_to(decision: Decision, account: FaxAccount | RemovedAccount) -> Decision:
    """Decision and step name the reseller and the domain: they see the fax, even if the account is no more."""
    known = {"reseller": account.reseller, "domain": account.domain}
    return decision.model_copy(update={**known, "status": decision.status.model_copy(update=known)})


def _set_aside(fax: ReceivedFaxReady, reason: FaxFailure, why: str, now: datetime) -> Decision:
    status = _status(fax, "unclaimed", reason, now, reason=reason)
    return Decision(rule=reason, why=why, decided_at=now, status=status, missing=fax.missing)


def _status(
    fax: ReceivedFaxReady,
    state: FaxState,
    rule: str,
    now: datetime,
    *,
    account_id: str | None = None,
    reason: FaxFailure | None = None,
) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=fax.fax_id,
        version=fax.version + 1,
        state=state,
        stage="router",
        at=now,
        direction="received",
        accepted_at=fax.accepted_at,
        account_id=account_id,
        fax_number=fax.called_number,
        other_party=fax.caller_number,
        pages=fax.pages,
        pages_announced=fax.pages_announced,
        partial=fax.partial,
        reason=reason or fax.failure,
        rule=rule,
    )
