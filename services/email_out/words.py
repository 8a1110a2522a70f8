"""The words of a mail, for people at a front desk: what came or went, what is missing, what to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.fax import EmailRequested
from services._runtime import endings
from services._runtime.display import day, fax_filename, party, when
from services._runtime.endings import Facts
from services._runtime.incomplete import what_is_missing
from services._runtime.reasons import reason
from services.email_out.domain import Way

Tone = Literal["plain", "good", "warning"]
ASK_AGAIN = "Ask the sender to send it again if you need it."


@dataclass(frozen=True)
class Words:
    """What one mail says.

    Attributes:
        heading: Subject and heading.
        tone: How it went; shown as a colour, but never as a colour alone.
        notice: Lines in a box above all else, the first its title; empty for no box.
        lead: Sentences below.
        facts: Labels and values, in reading order.
        filename: Of the attachment.
        because: Why this mail came, for the foot of it.
    """

    heading: str
    tone: Tone
    notice: tuple[str, ...]
    lead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    filename: str
    because: str


def words(event: EmailRequested, way: Way, expires: datetime) -> Words:
    """The words of one mail; a link in it works until `expires`."""
    heading, tone = _heading(event)
    received = event.purpose in {"received", "unreadable"}
    return Words(
        heading=heading,
        tone=tone,
        notice=_notice(event),
        lead=(*_lead(event), *_document(event, way, expires)),
        facts=tuple((label, value) for label, value in _facts(event, received=received) if value),
        filename=fax_filename(event.accepted_at, event.time_zone, event.other_party),
        because=_because(event, received=received),
    )


def _heading(event: EmailRequested) -> tuple[str, Tone]:
    other = party(event.other_party)
    match event.purpose:
        case "received" if event.partial:
            return f"Incomplete fax from {other} ({endings.pages(event)})", "warning"
        case "received":
            return f"Fax from {other} ({endings.pages(event)})", "plain"
        case "unreadable":
            return f"A fax from {other} could not be read", "warning"
        case _:
            return endings.heading(event), "good" if event.purpose == "sent" else "warning"


def _notice(event: EmailRequested) -> tuple[str, ...]:
    if event.purpose != "received" or not event.partial:
        return ()
    lost = what_is_missing(event.missing, event.pages, event.pages_announced)
    return ("Part of this fax is missing", *lost, ASK_AGAIN)


def _lead(event: EmailRequested) -> tuple[str, ...]:
    match event.purpose:
        case "received":
            return ()
        case "unreadable":
            what = reason(event.failure) or "It could not be turned into pages."
            return (what, "The original is kept.", "Please ask the sender to send it again.")
        case _:
            return endings.lead(event)


def _document(event: EmailRequested, way: Way, expires: datetime) -> tuple[str, ...]:
    what = "The fax is" if event.purpose == "received" else "The document is"
    if way.delivery == "attachment":
        return (f"{what} attached as a PDF.",)
    if way.delivery == "none":
        return ()
    match way.why:
        case "too-large-to-attach":
            why = "too large to attach, so here is a link instead"
        case "too-large-for-server":
            why = "too large for your mail server, so here is a link instead"
        case "wished":
            why = "ready to open"
    return (f"{what} {why}. {_opens(event, expires)}",)


def _opens(event: EmailRequested, expires: datetime) -> str:
    """What the link asks of its reader."""
    if event.link_access == "sign-in":
        return "You are asked to sign in to your portal first."
    return f"The link works until {day(expires, event.time_zone)}."


def _facts(event: EmailRequested, *, received: bool) -> Facts:
    if not received:
        return endings.facts(event)
    return (
        ("From", party(event.other_party)),
        ("Fax machine", endings.station(event)),
        ("To", party(event.fax_number)),
        ("Received", when(event.accepted_at, event.time_zone)),
        ("Pages", endings.amount(event)),
    )


def _because(event: EmailRequested, *, received: bool) -> str:
    number = party(event.fax_number)
    if received:
        return f"You get this mail because faxes to {number} are delivered to {event.recipient}."
    return f"You get this mail because you sent a fax from {number}."
