"""How a fax stands, from its steps."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.fax import FaxState, FaxStatusChanged
from services.portal.history.domain import Kept, kept_after, row_of

FAX = UUID(int=1)
ACCEPTED_AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def step(version: int, state: FaxState, seconds: float = 0, **more: Any) -> FaxStatusChanged:
    given: dict[str, Any] = {"stage": "router", "direction": "received"}
    given["at"] = ACCEPTED_AT + timedelta(seconds=version + seconds)
    return FaxStatusChanged(fax_id=FAX, version=version, state=state, accepted_at=ACCEPTED_AT, **(given | more))


def kept(*steps: FaxStatusChanged) -> Kept:
    found: Kept = {}
    for one in steps:
        found = kept_after(found, one)
    return found


READY, ROUTED = step(2, "ready", stage="ingest", pages=3, partial=True), step(3, "routed", account_id="a", rule="r")
ANNE: dict[str, Any] = {"stage": "email_out", "recipient": "anne@example.com"}
BERT: dict[str, Any] = {"stage": "email_out", "recipient": "bert@example.com"}
DEVICE: dict[str, Any] = {"stage": "ata"}


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([READY], "ready"),
        ([READY, ROUTED], "routed"),
        ([READY, ROUTED, step(5, "emailed", **ANNE)], "emailed"),
        ([READY, ROUTED, step(5, "emailed", 9, **ANNE), step(5, "mail-failed", **BERT)], "mail-failed"),
        ([READY, ROUTED, step(5, "emailed", **ANNE), step(6, "mail-bounced", **ANNE)], "mail-bounced"),
        ([READY, ROUTED, step(5, "mail-deferred", **ANNE), step(5, "emailed", 60, **ANNE)], "emailed"),
        ([READY, ROUTED, step(5, "emailed", **ANNE), step(5, "mail-deferred", -1, **BERT)], "mail-deferred"),
        ([READY, ROUTED, step(5, "at-device", **DEVICE), step(6, "printed", **DEVICE)], "printed"),
        ([READY, ROUTED, step(6, "printed", 9, **DEVICE), step(5, "mail-failed", **ANNE)], "mail-failed"),
        ([READY, ROUTED, step(5, "at-device", **DEVICE), step(5, "emailed", 1800, **ANNE)], "emailed"),
        ([READY, step(3, "junk"), step(4, "routed"), step(6, "emailed", **ANNE)], "emailed"),
        ([READY, ROUTED, step(5, "mail-failed", **ANNE), step(7, "routed")], "routed"),
        ([step(3, "unreadable"), step(5, "emailed", **ANNE)], "unreadable"),
        ([READY, ROUTED, step(5, "emailed", **ANNE), step(3, "expired")], "expired"),
        ([step(6, "mail-bounced", stage="ingest")], "mail-bounced"),
    ],
)
def test_a_received_fax(steps: list[FaxStatusChanged], state: str) -> None:
    assert row_of(kept(*steps).values()).state == state


SENT: dict[str, Any] = {"direction": "sent"}


@pytest.mark.parametrize(
    ("steps", "state", "reason"),
    [
        (
            [step(4, "dialling", **SENT), step(5, "waiting-to-redial", reason="busy", **SENT)],
            "waiting-to-redial",
            "busy",
        ),
        ([step(6, "delivered", **SENT), step(8, "emailed", **SENT, **ANNE)], "delivered", None),
        ([step(6, "failed", reason="busy", **SENT), step(8, "mail-bounced", **SENT, **ANNE)], "failed", "busy"),
        (
            [step(3, "refused", reason="number-unknown", **SENT), step(5, "emailed", **SENT)],
            "refused",
            "number-unknown",
        ),
        ([step(6, "outcome-unknown", **SENT), step(7, "delivered", **SENT)], "delivered", None),
        ([step(8, "emailed", **SENT, **ANNE)], "emailed", None),
    ],
)
def test_a_sent_fax(steps: list[FaxStatusChanged], state: str, reason: str | None) -> None:
    row = row_of(kept(*steps).values())
    assert (row.state, row.reason, row.direction) == (state, reason, "sent")


def test_details_are_the_newest_that_was_said_of_each() -> None:
    mailed = step(5, "emailed", **ANNE, pages=4)
    row = row_of(kept(mailed, ROUTED, READY).values())
    assert (row.account_id, row.rule, row.pages, row.partial) == ("a", "r", 4, True)
    assert (row.version, row.updated_at, row.accepted_at) == (5, mailed.at, ACCEPTED_AT)


def test_line_time_is_that_of_all_calls() -> None:
    calls = [step(5, "waiting-to-redial", seconds=3, **SENT), step(7, "delivered", **SENT)]
    timed = [one.model_copy(update={"seconds": seconds}) for one, seconds in zip(calls, (20.5, 61.0), strict=True)]
    again = timed[0].model_copy(update={"at": timed[0].at + timedelta(minutes=1)})
    assert row_of(kept(*timed, again).values()).seconds == 81.5
    assert row_of(kept(*calls).values()).seconds is None


def test_a_step_told_again_later_changes_nothing() -> None:
    again = READY.model_copy(update={"at": READY.at + timedelta(hours=1)})
    assert kept(READY, again) == kept(again, READY) == kept(READY)
