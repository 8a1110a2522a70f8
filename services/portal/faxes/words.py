"""How a fax stands and what happened to it, in a reader's words. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.decision import RELEASED
from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.display import count
from services._runtime.history import Direction, FaxRow

Kind = Literal["good", "wait", "bad", "plain"]


@dataclass(frozen=True)
class Status:
    """A state in words, and the kind that chooses its colour and icon."""

    words: str
    kind: Kind
    icon: str


_ICONS: Final[dict[Kind, str]] = {"good": "✓", "wait": "◌", "bad": "⚠", "plain": "○"}

_RECEIVED: Final[dict[FaxState, tuple[str, Kind]]] = {
    "accepted": ("arriving", "wait"),
    "ready": ("arriving", "wait"),
    "routed": ("arrived", "good"),
    "emailed": ("arrived and mailed", "good"),
    "at-device": ("waiting for the fax machine", "wait"),
    "printed": ("printed", "good"),
    "mail-deferred": ("arrived, mail delayed", "wait"),
    "mail-failed": ("arrived, mail failed", "bad"),
    "mail-bounced": ("arrived, mail came back", "bad"),
    "unreadable": ("could not be read", "bad"),
    "junk": ("junk", "plain"),
    "unclaimed": ("unclaimed", "wait"),
}

_SENT: Final[dict[FaxState, tuple[str, Kind]]] = {
    "accepted": ("being prepared", "wait"),
    "ready": ("being prepared", "wait"),
    "routed": ("waiting to be called", "wait"),
    "dialling": ("calling now", "wait"),
    "waiting-to-redial": ("will be called again", "wait"),
    "delivered": ("delivered", "good"),
    "failed": ("not delivered", "bad"),
    "unreadable": ("could not be converted", "bad"),
    "refused": ("not sent", "bad"),
    "cancelled": ("cancelled", "plain"),
    "outcome-unknown": ("not known whether it arrived", "bad"),
}


def status_of(direction: Direction, state: FaxState) -> Status:
    """A state of a received or sent fax."""
    if state == "expired":
        return Status("no longer kept", "plain", _ICONS["plain"])
    known = _RECEIVED if direction == "received" else _SENT
    words, kind = known.get(state, (state.replace("-", " "), "plain"))
    return Status(words, kind, _ICONS[kind])


def moving(row: FaxRow) -> bool:
    """Whether the fax is still on its way: its status will change by itself."""
    return status_of(row.direction, row.state).kind == "wait" and row.state != "unclaimed"


def pages_of(row: FaxRow) -> str:
    """``3 pages``, ``2 of 3 pages``; empty while nobody knows."""
    announced = row.pages_announced or 0
    if row.pages is not None and row.partial and announced > row.pages:
        return f"{row.pages} of {announced} pages"
    return count(row.pages) if row.pages else ""


def duration(seconds: float | None) -> str:
    """``48 s``, ``3 min 5 s``; empty if nobody counted."""
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_STEPS: Final[dict[tuple[Direction, FaxState], str]] = {
    ("received", "accepted"): "It arrived",
    ("received", "ready"): "Its pages were made ready to read",
    ("received", "unreadable"): "Its pages could not be read",
    ("received", "routed"): "It was put into the portal",
    ("received", "at-device"): "It waits for the fax machine",
    ("received", "printed"): "The fax machine printed it",
    ("received", "junk"): "It was put aside as junk",
    ("received", "unclaimed"): "It was put aside: nobody has this number",
    ("sent", "accepted"): "It was submitted",
    ("sent", "ready"): "Its pages were made ready to send",
    ("sent", "unreadable"): "Its pages could not be made",
    ("sent", "routed"): "It was let through to be sent",
    ("sent", "dialling"): "The number was called",
    ("sent", "waiting-to-redial"): "The call did not get through; it will be called again",
    ("sent", "delivered"): "Every page was confirmed by the other fax machine",
    ("sent", "failed"): "It could not be delivered",
    ("sent", "refused"): "It was not accepted for sending",
    ("sent", "cancelled"): "It was cancelled",
    ("sent", "outcome-unknown"): "Contact was lost while it was being sent",
    ("sent", "at-device"): "A page about it waits for the fax machine",
    ("sent", "printed"): "The fax machine printed a page about it",
}

_MAILS: Final[dict[FaxState, str]] = {
    "emailed": "A mail went to {}",
    "mail-deferred": "The mail to {} has to wait; it is tried again",
    "mail-failed": "The mail to {} could not be delivered",
    "mail-bounced": "The mail to {} came back",
}


def step_words(step: FaxStatusChanged) -> str:
    """One step, as a sentence without its stop."""
    if step.state in _MAILS:
        return _MAILS[step.state].format(step.recipient or "the recipient")
    if step.state == "expired":
        return "Its time of keeping was over"
    if step.rule == RELEASED:
        return "It was released, and its pages could not be read" if step.state == "unreadable" else "It was released"
    return _STEPS.get((step.direction, step.state), step.state.replace("-", " ").capitalize())
