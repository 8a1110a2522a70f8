"""The words of a mail, for people at a front desk: what came or went, what is missing, what to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from schemas.fax import EmailRequested
from services._runtime import endings
from services._runtime.display import day, fax_filename, party, when
from services._runtime.endings import Facts
from services._runtime.incomplete import what_is_missing
from services._runtime.reasons import reason
from services._runtime.translating import N_, gettext
from services.email_out.domain import Way, Why
from services.email_out.headers import one_line

Tone = Literal["plain", "good", "warning"]
ASK_AGAIN = N_("Ask the sender to send it again if you need it.")

_DOCUMENTS: Final[dict[tuple[bool, Why], str]] = {
    (True, "too-large-to-attach"): N_("The fax is too large to attach, so here is a link instead."),
    (True, "too-large-for-server"): N_("The fax is too large for your mail server, so here is a link instead."),
    (True, "wished"): N_("The fax is ready to open."),
    (False, "too-large-to-attach"): N_("The document is too large to attach, so here is a link instead."),
    (False, "too-large-for-server"): N_("The document is too large for your mail server, so here is a link instead."),
    (False, "wished"): N_("The document is ready to open."),
}
"""Of a received fax (True), or of what was sent: why there is a link."""


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
    received = event.direction == "received"
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
        case "forwarded":
            words = gettext("Forwarded: fax from {party} ({pages})")
            if event.direction == "sent":
                words = gettext("Forwarded: fax to {party} ({pages})")
            return words.format(party=other, pages=endings.pages(event)), "warning" if event.partial else "plain"
        case "received" if event.partial:
            words = gettext("Incomplete fax from {party} ({pages})")
            return words.format(party=other, pages=endings.pages(event)), "warning"
        case "received":
            words = gettext("Fax from {party} ({pages})")
            return words.format(party=other, pages=endings.pages(event)), "plain"
        case "unreadable":
            return gettext("A fax from {party} could not be read").format(party=other), "warning"
        case _:
            return endings.heading(event), "good" if event.purpose == "sent" else "warning"


def _notice(event: EmailRequested) -> tuple[str, ...]:
    if event.purpose not in {"received", "forwarded"} or not event.partial:
        return ()
    lost = what_is_missing(event.missing, event.pages, event.pages_announced)
    return (gettext("Part of this fax is missing"), *lost, gettext(ASK_AGAIN))


def _lead(event: EmailRequested) -> tuple[str, ...]:
    match event.purpose:
        case "received":
            return ()
        case "forwarded":
            return (gettext("{name} forwarded this fax to you.").format(name=_forwarder(event)),)
        case "unreadable":
            what = reason(event.failure) or gettext("It could not be turned into pages.")
            return (what, gettext("The original is kept."), gettext("Please ask the sender to send it again."))
        case _:
            return endings.lead(event)


def _document(event: EmailRequested, way: Way, expires: datetime) -> tuple[str, ...]:
    received = event.direction == "received"
    if way.delivery == "attachment":
        there = gettext("The fax is attached as a PDF.") if received else gettext("The document is attached as a PDF.")
        return (there,)
    if way.delivery == "none":
        return ()
    return (f"{gettext(_DOCUMENTS[received, way.why])} {_opens(event, expires)}",)


def _opens(event: EmailRequested, expires: datetime) -> str:
    """What the link asks of its reader."""
    if event.link_access == "sign-in":
        return gettext("You are asked to sign in to your portal first.")
    return gettext("The link works until {day}.").format(day=day(expires, event.time_zone))


def _facts(event: EmailRequested, *, received: bool) -> Facts:
    if event.purpose == "forwarded" and not received:
        return (
            (gettext("To"), party(event.other_party)),
            (gettext("From"), party(event.fax_number)),
            (gettext("Submitted"), when(event.accepted_at, event.time_zone)),
            (gettext("Pages"), endings.amount(event)),
        )
    if not received:
        return endings.facts(event)
    return (
        (gettext("From"), party(event.other_party)),
        (gettext("Fax machine"), endings.station(event)),
        (gettext("To"), party(event.fax_number)),
        (gettext("Received"), when(event.accepted_at, event.time_zone)),
        (gettext("Pages"), endings.amount(event)),
    )


def _because(event: EmailRequested, *, received: bool) -> str:
    number = party(event.fax_number)
    if event.purpose == "forwarded":
        words = gettext("You get this mail because {name} forwarded a fax of {number} to {recipient}.")
        return words.format(name=_forwarder(event), number=number, recipient=event.recipient)
    if received:
        words = gettext("You get this mail because faxes to {number} are delivered to {recipient}.")
        return words.format(number=number, recipient=event.recipient)
    return gettext("You get this mail because you sent a fax from {number}.").format(number=number)


def _forwarder(event: EmailRequested) -> str:
    return one_line(event.forward.by) if event.forward else ""
