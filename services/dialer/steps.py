"""The steps that a fax can take, each with what is told of it. Pure functions."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from schemas.base import Event
from schemas.failures import FaxFailure
from schemas.fax import FaxStatusChanged
from services._runtime.display import when
from services.dialer.sending import Sending
from services.dialer.telling import arrived, receipt, status

End = Literal["delivered", "failed", "cancelled", "outcome-unknown"]

Found = Literal["dead", "alive"] | None
"""That a number is none, or that it is one, or nothing."""


@dataclass(frozen=True)
class Step:
    """A fax's next row, and the events that are written with it.

    Attributes:
        number: What a call found about the destination.
    """

    sending: Sending
    events: tuple[Event, ...] = ()
    number: Found = None


def wait(row: Sending, due: datetime, reason: FaxFailure, what: str, now: datetime) -> Step:
    """It is called again at `due`."""
    waiting = changed(row, now, state="waiting", due_at=due, holds_line=False)
    detail = f"{what}; next call after {when(due, row.fax.time_zone)}"
    return Step(waiting, (status(waiting, "waiting-to-redial", detail, reason),))


def delivered(row: Sending, now: datetime) -> Step:
    """Every page arrived."""
    return ended(row.model_copy(update={"arrived": row.fax.pages}), "delivered", None, now)


def failed(row: Sending, failure: FaxFailure, now: datetime, *, detail: str = "") -> Step:
    """It isn't called again."""
    return ended(row, "failed", failure, now, detail=detail)


def cancelled(row: Sending, now: datetime) -> Step:
    """It was taken back in time."""
    return ended(row, "cancelled", "cancelled", now)


def ended(row: Sending, state: End, failure: FaxFailure | None, now: datetime, *, detail: str = "") -> Step:
    """Its end, with its receipt. While any attempt is in doubt, so is the fax, unless it is known to be delivered."""
    if row.doubtful and state != "delivered":
        state, failure = "outcome-unknown", "outcome-unknown"
    end = changed(row, now, state=state, due_at=now, failure=failure, holds_line=False)
    told = status(end, state, detail or arrived(end), failure)
    return Step(end, (told, *receipt(end, failure)))


def after_call(step: Step, seconds: float | None, number: Found) -> Step:
    """`step`, which a call's result caused: it tells the call's line time, and what it found about the number."""
    events = (
        one.model_copy(update={"seconds": seconds}) if isinstance(one, FaxStatusChanged) else one for one in step.events
    )
    return replace(step, events=tuple(events), number=number)


def changed(row: Sending, now: datetime, **fields: Any) -> Sending:
    """The row a step later."""
    return row.model_copy(update={"version": row.version + 1, "since": now, **fields})
