"""What can be done with a fax, by whoever sees it. Pure; who sees what is told by `services.portal.faxes.access`."""

from collections.abc import Iterable
from typing import Final, Literal

from phonenumbers import NumberParseException, parse, region_code_for_number

from schemas.fax import FaxState
from services._runtime.history import FaxRow
from services.portal.faxes.access import SET_ASIDE, Role, Sees
from services.portal.inventory.actors import MAY
from services.portal.inventory.checking import folded, number_of
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.views import Account

READERS: Final[frozenset[Role]] = frozenset({"user", "manager"})
"""Whose a fax is: they delete it. A reseller looks after faxes, and deletes none."""

AT_REST: Final[frozenset[FaxState]] = frozenset(
    {
        "routed",
        "printed",
        "junk",
        "unreadable",
        "emailed",
        "mail-deferred",
        "mail-failed",
        "mail-bounced",
    }
)
"""States of a received fax in which nothing needs its pages any more; a mail that is delayed is given up."""

ENDED: Final[frozenset[FaxState]] = frozenset({"delivered", "failed", "refused", "cancelled", "outcome-unknown"})
"""States of a sent fax that is not on its way any more."""


def releasable(row: FaxRow, sees: Sees) -> bool:
    """Whether somebody who sees a fax so may have it delivered."""
    return sees.pages and row.state in {"junk", "unclaimed"}


def deletable(role: Role, row: FaxRow, sees: Sees) -> bool:
    """Whether somebody may delete a fax, and nothing still needs it."""
    theirs = role in READERS and sees.pages and row.account_id is not None
    return theirs and row.state in (AT_REST if row.direction == "received" else ENDED)


def forwardable(role: Role, row: FaxRow, sees: Sees) -> bool:
    """Whether somebody may forward a fax by mail, if its account allows it; one that is set aside is released first."""
    theirs = role in READERS and sees.pages and row.account_id is not None
    return theirs and bool(row.pages) and row.state not in SET_ASIDE


def reachable(written: str, office: Iterable[str], settings: FaxSettings) -> str | None:
    """The address to which a fax of an account may be mailed that somebody wrote; None: it may not.

    To the people of the office and those who get its faxes anyway, at the very address that is known of them; and to
    whom the account lists.
    """
    wanted = folded(written)
    if known := next((one for one in (*office, *settings.notify) if folded(one) == wanted), None):
        return known
    listed = {folded(one) for one in settings.forward_to}
    return written if wanted in listed or wanted.rpartition("@")[2] in listed else None


def way_of(account: Account) -> Literal["attachment", "link"]:
    """How a fax goes along that is mailed: as the account wants its received ones mailed."""
    return "attachment" if account.handling == "email-with-attachment" else "link"


def holdable(role: Role, row: FaxRow, sees: Sees) -> bool:
    """Whether somebody may put a fax on hold. One that is of no domain is the operator's to hold."""
    return role != "operator" and "change-holds" in MAY[role] and sees.row and row.domain is not None


def scopes_of(row: FaxRow) -> tuple[str, ...]:
    """The scopes of holds that keep a fax."""
    named = {"fax": row.fax_id, "account": row.account_id, "domain": row.domain}
    return tuple(f"{kind}:{name}" for kind, name in named.items() if name is not None)


def read_number(typed: str, called: str | None) -> str | None:
    """A number as typed, in E.164. Without a country code it is read in the country of the number that was called."""
    try:
        region = region_code_for_number(parse(called or "", None))
    except NumberParseException:
        region = None
    return number_of(typed, region or "US")
