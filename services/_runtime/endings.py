"""How a sent fax ended, in words: a mail and the page at a fax machine say the same."""

from typing import Final

from schemas.failures import FaxFailure
from schemas.fax import EmailRequested
from services._runtime.display import count, party, when
from services._runtime.reasons import cure, reason
from services._runtime.texts import straight
from services._runtime.translating import N_, gettext

Facts = tuple[tuple[str, str], ...]
"""Labels and values, in reading order."""

_ENDED: Final[dict[FaxFailure | None, tuple[str, str]]] = {
    "outcome-unknown": (
        N_("Not known whether it arrived: fax to {party}"),
        N_("Not known whether it arrived: your fax"),
    ),
    "cancelled": (N_("Cancelled: fax to {party}"), N_("Cancelled: your fax")),
}
_REFUSED: Final = (N_("Not sent: fax to {party}"), N_("Not sent: your fax"))
_FAILED: Final = (N_("Not delivered: fax to {party}"), N_("Not delivered: your fax"))
_DELIVERED: Final = (N_("Delivered: fax to {party} ({pages})"), N_("Delivered: your fax ({pages})"))
"""Of a fax to somebody, and of one of which only its sender is known."""


def heading(event: EmailRequested) -> str:
    """How it ended, and which fax, in a line."""
    known, unknown = _heading(event)
    words = gettext(known if event.other_party else unknown)
    return words.format(party=party(event.other_party), pages=pages(event))


def _heading(event: EmailRequested) -> tuple[str, str]:
    if event.purpose == "sent":
        return _DELIVERED
    return _REFUSED if event.purpose == "refused" else _ENDED.get(event.failure, _FAILED)


def lead(event: EmailRequested) -> tuple[str, ...]:
    """What happened and what to do, a sentence each."""
    if event.purpose == "sent":
        return (gettext("The other fax machine confirmed every page."),)
    if event.purpose == "refused":
        why = (*_culprit(event), reason(event.failure) or gettext("It was not accepted for sending."))
    else:
        unknown = gettext("The other fax machine could not be reached, or the call broke off.")
        why = (reason(event.failure) or unknown,)
    what = cure(event.failure)
    return (*why, what) if what else why


def facts(event: EmailRequested) -> Facts:
    """Which fax it was; what isn't known has an empty value."""
    ended = gettext("Delivered") if event.purpose == "sent" else gettext("Ended")
    return (
        (gettext("To"), party(event.other_party) if event.other_party else ""),
        (gettext("Fax machine"), station(event)),
        (gettext("From"), party(event.fax_number)),
        (gettext("Subject"), straight(event.subject)),
        (gettext("Submitted"), when(event.accepted_at, event.time_zone)),
        (ended, when(event.requested_at, event.time_zone)),
        (gettext("Pages"), amount(event)),
    )


def station(event: EmailRequested) -> str:
    """What the far machine calls itself, unless that is its number again."""
    name = straight(event.station_id or "")
    digits = "".join(filter(str.isdigit, name))
    known = "".join(filter(str.isdigit, event.other_party or ""))
    return "" if digits and known.endswith(digits[-7:]) and not any(map(str.isalpha, name)) else name


def pages(event: EmailRequested) -> str:
    """``3 pages``, ``2 of 3 pages``."""
    if not _in_part(event):
        return count(event.pages)
    return gettext("{here} of {announced} pages").format(here=event.pages, announced=event.pages_announced)


def amount(event: EmailRequested) -> str:
    """``3``, ``2 of 3``; empty if there are none."""
    if _in_part(event):
        return gettext("{here} of {announced}").format(here=event.pages, announced=event.pages_announced)
    return str(event.pages) if event.pages else ""


def _in_part(event: EmailRequested) -> bool:
    return event.partial and (event.pages_announced or 0) > event.pages


def _culprit(event: EmailRequested) -> tuple[str, ...]:
    name = straight(event.failed_file)
    return (gettext("The trouble is with the file “{name}”.").format(name=name),) if name else ()
