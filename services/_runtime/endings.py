"""How a sent fax ended, in words: a mail and the page at a fax machine say the same."""

from typing import Final

from schemas.failures import FaxFailure
from schemas.fax import EmailRequested
from services._runtime.display import count, party, when
from services._runtime.reasons import cure, reason

Facts = tuple[tuple[str, str], ...]
"""Labels and values, in reading order."""

_ENDED: Final[dict[FaxFailure | None, str]] = {
    "outcome-unknown": "Not known whether it arrived",
    "cancelled": "Cancelled",
}


def heading(event: EmailRequested) -> str:
    """How it ended, and which fax, in a line."""
    sent = f"fax to {party(event.other_party)}" if event.other_party else "your fax"
    if event.purpose == "sent":
        return f"Delivered: {sent} ({pages(event)})"
    ended = "Not sent" if event.purpose == "refused" else _ENDED.get(event.failure, "Not delivered")
    return f"{ended}: {sent}"


def lead(event: EmailRequested) -> tuple[str, ...]:
    """What happened and what to do, a sentence each."""
    if event.purpose == "sent":
        return ("The other fax machine confirmed every page.",)
    if event.purpose == "refused":
        why = (*_culprit(event), reason(event.failure) or "It was not accepted for sending.")
    else:
        why = (reason(event.failure) or "The other fax machine could not be reached, or the call broke off.",)
    what = cure(event.failure)
    return (*why, what) if what else why


def facts(event: EmailRequested) -> Facts:
    """Which fax it was; what isn't known has an empty value."""
    ended = "Delivered" if event.purpose == "sent" else "Ended"
    return (
        ("To", party(event.other_party) if event.other_party else ""),
        ("Fax machine", station(event)),
        ("From", party(event.fax_number)),
        ("Subject", " ".join(event.subject.split())),
        ("Submitted", when(event.accepted_at, event.time_zone)),
        (ended, when(event.requested_at, event.time_zone)),
        ("Pages", amount(event)),
    )


def station(event: EmailRequested) -> str:
    """What the far machine calls itself, unless that is its number again."""
    name = " ".join((event.station_id or "").split())
    digits = "".join(filter(str.isdigit, name))
    known = "".join(filter(str.isdigit, event.other_party or ""))
    return "" if digits and known.endswith(digits[-7:]) and not any(map(str.isalpha, name)) else name


def pages(event: EmailRequested) -> str:
    """``3 pages``, ``2 of 3 pages``."""
    told = amount(event)
    return f"{told} pages" if " of " in told else count(event.pages)


def amount(event: EmailRequested) -> str:
    """``3``, ``2 of 3``; empty if there are none."""
    announced = event.pages_announced or 0
    if event.partial and announced > event.pages:
        return f"{event.pages} of {announced}"
    return str(event.pages) if event.pages else ""


def _culprit(event: EmailRequested) -> tuple[str, ...]:
    name = " ".join(event.failed_file.split())
    return (f"The trouble is with the file “{name}”.",) if name else ()
