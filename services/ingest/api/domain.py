"""Pure decisions of the HTTP API: cancelling before dialling."""

from dataclasses import replace
from datetime import datetime

from schemas.accounts import FaxAccount
from schemas.decision import Decision
from schemas.fax import CancelRequested, FaxState, FaxStatusChanged, FaxSubmitted, FaxToDial
from services._runtime.history.rows import FaxRow

CANCELLED = "cancelled"
"""The rule of a decision that a sender made before the router could."""

ENDED: frozenset[FaxState] = frozenset(
    {"unreadable", "delivered", "failed", "refused", "cancelled", "outcome-unknown", "expired"}
)
"""States of a sent fax after which nothing is dialled."""


def cancellation(fax: FaxSubmitted, account: FaxAccount, now: datetime) -> Decision:
    """The decision that a fax is not to be sent; it counts if it is stored before the router's."""
    status = FaxStatusChanged(
        fax_id=fax.fax_id,
        version=fax.version + 2,  # as the router's would have: accepted, ready, decided
        state="cancelled",
        stage="ingest",
        at=now,
        direction="sent",
        accepted_at=fax.accepted_at,
        account_id=fax.account_id,
        fax_number=fax.fax_number,
        other_party=fax.destination[:64] or None,
        reason="cancelled",
        rule=CANCELLED,
        reseller=account.reseller,
        domain=account.domain,
    )
    return Decision(
        rule=CANCELLED,
        why="Its sender cancelled it before it was handed over for dialling.",
        account_id=fax.account_id,
        account_version=account.version,
        reseller=account.reseller,
        domain=account.domain,
        decided_at=now,
        status=status,
    )


def cancel_request(dial: FaxToDial, now: datetime) -> CancelRequested:
    """What asks the dialer to dial a fax no more."""
    return CancelRequested(
        fax_id=dial.fax_id,
        version=dial.version,
        account_id=dial.account_id,
        accepted_at=dial.accepted_at,
        destination=dial.destination,
        requested_at=now,
    )


def first_row(fax: FaxSubmitted) -> FaxRow:
    """A fax that no history tells of yet."""
    return FaxRow(
        fax_id=fax.fax_id,
        account_id=fax.account_id,
        direction="sent",
        state="accepted",
        accepted_at=fax.accepted_at,
        updated_at=fax.accepted_at,
        version=fax.version,
        fax_number=fax.fax_number,
        other_party=fax.destination[:64] or None,
        pages=None,
        pages_announced=None,
        partial=False,
        reason=None,
        rule=None,
    )


def first_step(fax: FaxSubmitted) -> FaxStatusChanged:
    """The step that `first_row` comes of."""
    return FaxStatusChanged(
        fax_id=fax.fax_id,
        version=fax.version,
        state="accepted",
        stage="ingest",
        at=fax.accepted_at,
        direction="sent",
        accepted_at=fax.accepted_at,
    )


def moved(row: FaxRow, step: FaxStatusChanged) -> FaxRow:
    """`row` after a decision that the history doesn't know yet."""
    return replace(
        row,
        state=step.state,
        updated_at=step.at,
        version=step.version,
        other_party=step.other_party or row.other_party,
        pages=row.pages if step.pages is None else step.pages,
        reason=step.reason,
        rule=step.rule,
    )
