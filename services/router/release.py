"""Releasing a received fax that was set aside (docs/architecture.md, Routing): pure decisions."""

from datetime import datetime

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import StoredObject
from schemas.decision import RELEASED, Decision
from schemas.fax import FaxStatusChanged, ReceivedFaxReady, ReleaseRequested
from services.router.domain import SET_ASIDE, deliver

NOT_THEIRS = "It was not released: the number is no longer that account's, or is somebody else's."


def may_be_released(first: Decision, request: ReleaseRequested) -> bool:
    """Whether `first` set the fax aside and it may go to the account that is asked for; junk goes to its own only."""
    return first.status.state in SET_ASIDE and first.account_id in {None, request.account_id}


def as_it_came(first: Decision, original: StoredObject, document: StoredObject | None) -> ReceivedFaxReady:
    """What is known of a fax that was set aside before decisions kept that: its step, and what lies beside it."""
    step = first.status
    return ReceivedFaxReady(
        fax_id=step.fax_id,
        version=step.version - 1,
        accepted_at=step.accepted_at,
        called_number=step.fax_number,
        caller_number=step.other_party,
        received_at=step.accepted_at,
        original=original,
        document=document,
        pages=step.pages or 0,
        pages_announced=step.pages_announced,
        partial=bool(step.partial),
        failure=step.reason if step.state == "junk" else None,  # that of an unclaimed fax is why it is
    )


def release(
    fax: ReceivedFaxReady,
    request: ReleaseRequested,
    account: FaxAccount | RemovedAccount | None,
    now: datetime,
    reseller: str | None,
) -> Decision | None:
    """The decision about a fax that is released, as if the account's own number had been called.

    A blocked caller doesn't count. None: the number is no longer that account's, or it is of another `reseller` than
    the fax, whoever asks; of a fax that is of none, anybody's.
    """
    if not isinstance(account, FaxAccount) or account.account_id != request.account_id:
        return None
    if reseller not in {None, account.reseller}:
        return None
    as_theirs = fax.model_copy(update={"called_number": account.fax_number, "version": request.version - 1})
    decision = deliver(account, as_theirs, now)
    return decision.model_copy(
        update={
            "rule": RELEASED,
            "why": f"It had been set aside, and was released. {decision.why}",
            "status": decision.status.model_copy(update={"rule": RELEASED}),
            "upload": fax.upload,
            "released_by": request.by,
        }
    )


def refusal(first: Decision, request: ReleaseRequested, now: datetime) -> FaxStatusChanged:
    """The step that says why the fax stays where it is; it can be released again, to another account."""
    told = {"version": request.version, "at": now, "detail": NOT_THEIRS}
    return first.status.model_copy(update=told)
