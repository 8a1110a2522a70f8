"""The lists of faxes, and the states that one can ask for in them, in a reader's words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from schemas.fax import FaxState
from services._runtime.history import Direction, FaxRow
from services._runtime.translating import N_
from services.portal.faxes.access import Role

Shelf = Literal["received", "sent", "unclaimed", "junk"]

TITLES: Final[Mapping[Shelf, str]] = {
    "received": N_("Received"),
    "sent": N_("Sent"),
    "unclaimed": N_("Unclaimed"),
    "junk": N_("Junk"),
}

HEADINGS: Final[Mapping[Shelf, str]] = {
    "received": N_("Received faxes"),
    "sent": N_("Sent faxes"),
    "unclaimed": N_("Unclaimed faxes"),
    "junk": N_("Junk faxes"),
}

SHELVES: Final[Mapping[Role, tuple[Shelf, ...]]] = {
    "user": ("received", "sent"),
    "manager": ("received", "sent", "unclaimed", "junk"),
    "reseller": ("received", "sent", "unclaimed"),
    "operator": (),
}
"""The lists of each role, the first one first."""

GROUPS: Final[Mapping[Shelf, Mapping[str, tuple[FaxState, ...]]]] = {
    "received": {
        N_("arrived"): ("routed", "emailed", "printed", "at-device"),
        N_("mail trouble"): ("mail-deferred", "mail-failed", "mail-bounced"),
        N_("not readable"): ("unreadable",),
        N_("arriving"): ("accepted", "ready"),
        N_("no longer kept"): ("expired",),
    },
    "sent": {
        N_("on its way"): ("accepted", "ready", "routed", "dialling", "waiting-to-redial"),
        N_("delivered"): ("delivered",),
        N_("not delivered"): ("failed", "unreadable", "expired"),
        N_("perhaps delivered"): ("outcome-unknown",),
        N_("refused"): ("refused",),
        N_("cancelled"): ("cancelled",),
    },
    "unclaimed": {},
    "junk": {},
}
"""What one can ask for in a list: words → states."""


def states(shelf: Shelf, group: str = "") -> Sequence[FaxState]:
    """The states of a list, or of one of its groups; of a group that nobody knows, all."""
    if shelf in {"unclaimed", "junk"}:
        return ("unclaimed",) if shelf == "unclaimed" else ("junk",)
    groups = GROUPS[shelf]
    if group in groups:
        return groups[group]
    return [state for some in groups.values() for state in some] if shelf == "received" else ()


def direction(shelf: Shelf) -> Direction:
    """Which way the faxes of a list went."""
    return "sent" if shelf == "sent" else "received"


def shelf_of(row: FaxRow) -> Shelf:
    """The list where a fax is found."""
    if row.direction == "sent":
        return "sent"
    if row.state == "junk":
        return "junk"
    return "unclaimed" if row.state == "unclaimed" else "received"
