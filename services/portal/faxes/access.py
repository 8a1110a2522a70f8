"""Who may see which fax, and its pages. Pure; the one place that decides it, whatever a page wants to show or do.

A user sees the faxes of the accounts of which they are the primary user, an office manager those of their domain. A
reseller proves what happened to a fax of its domains without reading it: it sees that the fax is there and each of
its steps, and pages only of faxes that nobody has claimed. An operator sees nobody's faxes.
"""

from dataclasses import dataclass
from typing import Final, Literal

from services._runtime.history import FaxRow, Whose

Role = Literal["reseller", "manager", "user", "operator"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in, and what of theirs decides.

    Attributes:
        role: What they are.
        reseller: Whose customer they are, or who they are; None for an operator.
        domain: Of a user and a manager.
        accounts: Of a user: the accounts of which they are the primary user.
    """

    role: Role
    reseller: str | None = None
    domain: str | None = None
    accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sees:
    """What somebody sees of a fax: `row`, that it is there, who, when and each step; `pages`, what is written on it."""

    row: bool = False
    pages: bool = False


NOTHING: Final = Sees()
ROW_ONLY: Final = Sees(row=True)
EVERYTHING: Final = Sees(row=True, pages=True)

SET_ASIDE: Final = frozenset({"junk", "unclaimed"})
"""Faxes that were delivered to nobody: whoever looks after a domain decides about them, not its users."""


def visible(viewer: Viewer, row: FaxRow) -> Sees:
    """What `viewer` sees of the fax `row`. A page answers a fax of which they don't see the row as if it weren't."""
    match viewer.role:
        case "user":
            return EVERYTHING if row.account_id in viewer.accounts and row.state not in SET_ASIDE else NOTHING
        case "manager":
            theirs = viewer.domain is not None and (row.reseller, row.domain) == (viewer.reseller, viewer.domain)
            return EVERYTHING if theirs else NOTHING
        case "reseller":
            if viewer.reseller is None or row.reseller != viewer.reseller:
                return NOTHING
            return EVERYTHING if row.state == "unclaimed" else ROW_ONLY
        case "operator":
            return NOTHING


def whose(viewer: Viewer) -> Whose | None:
    """Whose faxes to ask the history for; None if there can be none. Each row still goes through `visible`."""
    match viewer.role:
        case "user":
            return Whose(accounts=tuple(sorted(viewer.accounts))) if viewer.accounts else None
        case "manager":
            return Whose(domain=viewer.domain) if viewer.domain else None
        case "reseller":
            return Whose(reseller=viewer.reseller) if viewer.reseller else None
        case "operator":
            return None
