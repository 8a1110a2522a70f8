"""The routing rules of a submitted fax (docs/architecture.md, Routing): pure decisions."""

from datetime import datetime
from typing import Literal

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.decision import Decision
from schemas.failures import FaxFailure
from schemas.fax import EmailRequested, FaxState, FaxStatusChanged, FaxToDial, SubmittedFaxReady
from services._runtime.destinations import NotDiallable, destination
from services._runtime.notices import notice

_WAYS = {"email": "by email", "portal": "in the portal", "ata": "from a fax machine"}


class _Refused(Exception):  # noqa: N818 - it says what happened
    def __init__(self, rule: FaxFailure, why: str) -> None:
        super().__init__(why)
        self.rule = rule
        self.why = why


def decide_submitted(fax: SubmittedFaxReady, record: FaxAccount | RemovedAccount | None, now: datetime) -> Decision:
    """The decision about a submitted fax, given the newest record of the number it is sent from.

    A refused fax is told of once, by the way it came: a page at its fax machine while that is the account's, else a
    mail to `reply_to` if there is one; and its status.
    """
    account = record if isinstance(record, FaxAccount) and record.account_id == fax.account_id else None
    if account is None:
        return _refuse(fax, None, _nobody(fax, record), now)
    try:
        number = _allowed(fax, account)
        dial = _dial(fax, account, number)
    except _Refused as refused:
        return _refuse(fax, account, refused, now)
    status = _status(fax, "routed", "allowed", now, number=number)
    why = f"The account may send faxes {_WAYS[fax.method]}."
    return _decision(account, "allowed", why, status, now).model_copy(update={"dial": dial})


def _refuse(fax: SubmittedFaxReady, account: FaxAccount | None, refused: _Refused, now: datetime) -> Decision:
    status = _status(fax, "refused", refused.rule, now, reason=refused.rule)
    decision = _decision(account, refused.rule, refused.why, status, now)
    if account is None or fax.reply_to is None:
        return decision
    letter = _letter(fax, account, fax.reply_to, refused.rule, now)
    if fax.method == "ata" and account.ata is not None and account.ata.serial == fax.sender:
        return decision.model_copy(update={"notice": notice(letter, fax.sender, fax.thumbnail)})
    return decision.model_copy(update={"emails": (letter,)})


def _nobody(fax: SubmittedFaxReady, record: FaxAccount | RemovedAccount | None) -> _Refused:
    if record is None:
        return _Refused("number-unknown", f"{fax.fax_number} is no fax account.")
    return _Refused("number-removed", f"{fax.fax_number} is no longer this account's.")


def _allowed(fax: SubmittedFaxReady, account: FaxAccount) -> str:
    """The number to dial; raises `_Refused`."""
    if fax.method not in account.methods:
        raise _Refused("method-not-enabled", f"The account may not send faxes {_WAYS[fax.method]}.")
    if fax.method == "email" and not may_send(fax.sender, account):
        raise _Refused("sender-not-allowed", "The sender is neither the account's user nor among its allowed senders.")
    try:
        return destination(fax.destination, account)
    except NotDiallable as error:
        raise _Refused(error.failure, "The destination can't be dialled for this account.") from error


def may_send(sender: str, account: FaxAccount) -> bool:
    """Whether a mail address may send faxes for an account."""
    return sender.lower() in {one.lower() for one in (account.primary_user.email, *account.allowed_senders)}


def _dial(fax: SubmittedFaxReady, account: FaxAccount, number: str) -> FaxToDial:
    if fax.document is None:
        raise _Refused(fax.failure or "conversion-crashed", "The document can't be turned into fax pages.")
    return FaxToDial(
        fax_id=fax.fax_id,
        version=fax.version + 2,
        account_id=account.account_id,
        fax_number=account.fax_number,
        accepted_at=fax.accepted_at,
        method=fax.method,
        sender=fax.sender,
        destination=number,
        subaddress=fax.subaddress,
        resolution=fax.resolution,
        document=fax.document,
        preview=fax.preview,
        thumbnail=fax.thumbnail,
        pages=fax.pages,
        subject=fax.subject,
        reply_to=fax.reply_to,
        policy=_policy(account),
        brand=account.brand,
        time_zone=account.time_zone,
        link_access=account.link_access,
    )


def _policy(account: FaxAccount) -> Literal["attachment", "link"]:
    return "attachment" if account.handling == "email-with-attachment" else "link"


def _letter(
    fax: SubmittedFaxReady, account: FaxAccount, recipient: str, failure: FaxFailure, now: datetime
) -> EmailRequested:
    return EmailRequested(
        fax_id=fax.fax_id,
        version=fax.version + 2,
        purpose="refused",
        account_id=account.account_id,
        accepted_at=fax.accepted_at,
        requested_at=now,
        recipient=recipient,
        policy="link",
        brand=account.brand,
        fax_number=account.fax_number,
        other_party=fax.destination[:64] or None,
        time_zone=account.time_zone,
        pages=fax.pages,
        failure=failure,
        failed_file=fax.failed_file if failure == fax.failure else "",
        subject=fax.subject,
    )


def _decision(account: FaxAccount | None, rule: str, why: str, status: FaxStatusChanged, now: datetime) -> Decision:
    reseller, domain = (account.reseller, account.domain) if account else (None, None)
    return Decision(
        rule=rule,
        why=why,
        account_id=status.account_id,
        account_version=account.version if account else None,
        reseller=reseller,
        domain=domain,
        decided_at=now,
        status=status.model_copy(update={"reseller": reseller, "domain": domain}),
    )


def _status(
    fax: SubmittedFaxReady,
    state: FaxState,
    rule: str,
    now: datetime,
    *,
    number: str = "",
    reason: FaxFailure | None = None,
) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=fax.fax_id,
        version=fax.version + 1,
        state=state,
        stage="router",
        at=now,
        direction="sent",
        accepted_at=fax.accepted_at,
        account_id=fax.account_id,
        fax_number=fax.fax_number,
        other_party=number or fax.destination[:64] or None,
        pages=fax.pages,
        reason=reason,
        rule=rule,
        detail=fax.failed_file if reason and reason == fax.failure else "",
    )
