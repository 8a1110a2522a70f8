"""How a fax stands and what happened to it, in a reader's words. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.decision import RELEASED
from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.display import count
from services._runtime.history import Direction, FaxRow
from services._runtime.translating import N_, gettext

Kind = Literal["good", "wait", "bad", "plain"]


@dataclass(frozen=True)
class Status:
    """A state in words, and the kind that chooses its colour and icon."""

    words: str
    kind: Kind
    icon: str


_ICONS: Final[dict[Kind, str]] = {"good": "✓", "wait": "◌", "bad": "⚠", "plain": "○"}

_RECEIVED: Final[dict[FaxState, tuple[str, Kind]]] = {
    "accepted": (N_("arriving"), "wait"),
    "ready": (N_("arriving"), "wait"),
    "routed": (N_("arrived"), "good"),
    "emailed": (N_("arrived and mailed"), "good"),
    "at-device": (N_("waiting for the fax machine"), "wait"),
    "printed": (N_("printed"), "good"),
    "mail-deferred": (N_("arrived, mail delayed"), "wait"),
    "mail-failed": (N_("arrived, mail failed"), "bad"),
    "mail-bounced": (N_("arrived, mail came back"), "bad"),
    "unreadable": (N_("could not be read"), "bad"),
    "junk": (N_("junk"), "plain"),
    "unclaimed": (N_("unclaimed"), "wait"),
}

_SENT: Final[dict[FaxState, tuple[str, Kind]]] = {
    "accepted": (N_("being prepared"), "wait"),
    "ready": (N_("being prepared"), "wait"),
    "routed": (N_("waiting to be called"), "wait"),
    "dialling": (N_("calling now"), "wait"),
    "waiting-to-redial": (N_("will be called again"), "wait"),
    "delivered": (N_("delivered"), "good"),
    "failed": (N_("not delivered"), "bad"),
    "unreadable": (N_("could not be converted"), "bad"),
    "refused": (N_("not sent"), "bad"),
    "cancelled": (N_("cancelled"), "plain"),
    "outcome-unknown": (N_("not known whether it arrived"), "bad"),
}


def status_of(direction: Direction, state: FaxState) -> Status:
    """A state of a received or sent fax."""
    if state == "expired":
        return Status(gettext("no longer kept"), "plain", _ICONS["plain"])
    known = _RECEIVED if direction == "received" else _SENT
    words, kind = known.get(state, (state.replace("-", " "), "plain"))
    return Status(gettext(words), kind, _ICONS[kind])


def moving(row: FaxRow) -> bool:
    """Whether the fax is still on its way: its status will change by itself."""
    return status_of(row.direction, row.state).kind == "wait" and row.state != "unclaimed"


def pages_of(row: FaxRow) -> str:
    """``3 pages``, ``2 of 3 pages``; empty while nobody knows."""
    announced = row.pages_announced or 0
    if row.pages is not None and row.partial and announced > row.pages:
        return gettext("{here} of {announced} pages").format(here=row.pages, announced=announced)
    return count(row.pages) if row.pages else ""


def duration(seconds: float | None) -> str:
    """``48 s``, ``3 min 5 s``; empty if nobody counted."""
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return gettext("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    return gettext("{seconds} s").format(seconds=rest)


_STEPS: Final[dict[tuple[Direction, FaxState], str]] = {
    ("received", "accepted"): N_("It arrived"),
    ("received", "ready"): N_("Its pages were made ready to read"),
    ("received", "unreadable"): N_("Its pages could not be read"),
    ("received", "routed"): N_("It was put into the portal"),
    ("received", "at-device"): N_("It waits for the fax machine"),
    ("received", "printed"): N_("The fax machine printed it"),
    ("received", "junk"): N_("It was put aside as junk"),
    ("received", "unclaimed"): N_("It was put aside: nobody has this number"),
    ("sent", "accepted"): N_("It was submitted"),
    ("sent", "ready"): N_("Its pages were made ready to send"),
    ("sent", "unreadable"): N_("Its pages could not be made"),
    ("sent", "routed"): N_("It was let through to be sent"),
    ("sent", "dialling"): N_("The number was called"),
    ("sent", "waiting-to-redial"): N_("The call did not get through; it will be called again"),
    ("sent", "delivered"): N_("Every page was confirmed by the other fax machine"),
    ("sent", "failed"): N_("It could not be delivered"),
    ("sent", "refused"): N_("It was not accepted for sending"),
    ("sent", "cancelled"): N_("It was cancelled"),
    ("sent", "outcome-unknown"): N_("Contact was lost while it was being sent"),
    ("sent", "at-device"): N_("A page about it waits for the fax machine"),
    ("sent", "printed"): N_("The fax machine printed a page about it"),
}

_MAILS: Final[dict[FaxState, str]] = {
    "emailed": N_("A mail went to {}"),
    "mail-deferred": N_("The mail to {} has to wait; it is tried again"),
    "mail-failed": N_("The mail to {} could not be delivered"),
    "mail-bounced": N_("The mail to {} came back"),
}


_FORWARDS: Final[dict[FaxState, str]] = {
    "emailed": N_("{name} forwarded it by mail to {recipient}"),
    "mail-failed": N_("The mail by which {name} forwarded it to {recipient} could not be delivered"),
    "mail-bounced": N_("The mail by which {name} forwarded it to {recipient} came back"),
}


def step_words(step: FaxStatusChanged) -> str:
    """One step, as a sentence without its stop."""
    if step.forwarded_by and step.state in _FORWARDS:
        return gettext(_FORWARDS[step.state]).format(name=step.forwarded_by, recipient=step.recipient or "")
    if step.state in _MAILS:
        return gettext(_MAILS[step.state]).format(step.recipient or gettext("the recipient"))
    if step.state == "expired":
        return gettext("Its time of keeping was over")
    if step.rule == RELEASED:
        unread = step.state == "unreadable"
        return gettext("It was released, and its pages could not be read") if unread else gettext("It was released")
    return gettext(_STEPS.get((step.direction, step.state), step.state.replace("-", " ").capitalize()))
