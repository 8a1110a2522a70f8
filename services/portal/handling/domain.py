"""What can be done with a fax, by whoever sees it. Pure; who sees what is told by `services.portal.faxes.access`."""

from typing import Final

from phonenumbers import NumberParseException, parse, region_code_for_number

from schemas.fax import FaxState
from services._runtime.history import FaxRow
from services.portal.faxes.access import Role, Sees
from services.portal.inventory.actors import MAY
from services.portal.inventory.checking import number_of

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
