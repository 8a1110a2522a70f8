"""Holds: a fax, a fax number or a whole domain that stays, whatever its age, until somebody lifts the hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from schemas.retention import LONGEST
from services._runtime.display import party
from services._runtime.history import FaxRow
from services._runtime.translating import N_, gettext
from services.portal.faxes.access import Sees
from services.portal.handling.deleting import holds_on
from services.portal.handling.domain import holdable
from services.portal.inventory.actors import NotThere
from services.portal.inventory.holds import Holds
from services.portal.inventory.refusals import Refused
from services.portal.inventory.views import Account, Held
from services.portal.web.fax_pages.actions import Action
from services.portal.web.fax_pages.finding import Found, fax_page, found
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show

CHOICES: Final = 500
"""Fax numbers to choose from, and as many removed ones."""


@dataclass(frozen=True)
class Line:
    """A hold as it is listed: what it keeps, in words, and where that is shown."""

    held: Held
    words: str
    address: str


async def offered(visit: Visit, row: FaxRow, sees: Sees) -> Sequence[Action]:
    """Keep a fax, or look which hold keeps it."""
    if not holdable(visit.person.role, row, sees):
        return ()
    held = await holds_on(visit.services.inventory.lists.store, row)
    return (Action(N_("On hold…") if held else N_("Hold…"), fax_page(row.fax_id, "hold")),)


async def fax_holds(visit: Visit) -> Response:
    """The holds that keep a fax, and the form for its own."""
    return await _fax_page(visit, await _holdable(visit))


async def hold_fax(visit: Visit) -> Response:
    """Keep one fax."""
    fax = await _holdable(visit)
    made = await _holds(visit).set(visit.actor, _domain(fax), f"fax:{fax.row.fax_id}", visit.typed("reason"))
    return await _fax_page(visit, fax, made) if isinstance(made, Refused) else go(fax.address, "held")


async def lift_fax(visit: Visit) -> Response:
    """Keep it no longer than its retention says."""
    fax = await _holdable(visit)
    await _holds(visit).lift(visit.actor, _domain(fax), f"fax:{fax.row.fax_id}")
    return go(fax.address, "lifted")


async def domain_holds(visit: Visit) -> Response:
    """“Retention and holds” of a domain."""
    return await _domain_page(visit)


async def hold(visit: Visit) -> Response:
    """Keep everything of a domain, or of one fax number; a fax has a page of its own."""
    domain, scope = visit.request.path_params["domain"], visit.typed("scope")
    if scope.startswith("fax:"):
        raise NotThere("hold")
    made = await _holds(visit).set(visit.actor, domain, scope, visit.typed("reason"))
    return await _domain_page(visit, made) if isinstance(made, Refused) else go(domain_page(domain, "holds"), "held")


async def lift(visit: Visit) -> Response:
    """Lift any hold of a domain."""
    domain = visit.request.path_params["domain"]
    await _holds(visit).lift(visit.actor, domain, visit.typed("scope"))
    return go(domain_page(domain, "holds"), "lifted")


async def _holdable(visit: Visit) -> Found:
    fax = await found(visit)
    if not holdable(visit.person.role, fax.row, fax.sees):
        raise NotThere("fax")
    return fax


def _domain(fax: Found) -> str:
    if fax.row.domain is None:
        raise NotThere("fax")
    return fax.row.domain


async def _fax_page(visit: Visit, fax: Found, no: Refused | None = None) -> Response:
    held = await holds_on(visit.services.inventory.lists.store, fax.row)
    own = f"fax:{fax.row.fax_id}"
    return await show(
        visit,
        "hold_fax.html",
        title=gettext("Hold this fax"),
        fax=fax.row,
        address=fax.address,
        own=next((one for one in held if one.scope == own), None),
        others=[one for one in held if one.scope != own],
        refused=no,
        typed_reason=visit.typed("reason"),
        longest=LONGEST.days,
    )


async def _domain_page(visit: Visit, no: Refused | None = None) -> Response:
    lists, actor = visit.services.inventory.lists, visit.actor
    domain = await lists.domain(actor, visit.request.path_params["domain"])
    there = await lists.accounts(actor, domain.name, limit=CHOICES)
    removed = await lists.accounts(actor, domain.name, removed=True, limit=CHOICES)
    accounts = {one.account_id: one for one in (*there, *removed)}
    return await show(
        visit,
        "holds.html",
        title=gettext("Retention and holds of {name}").format(name=domain.name),
        domain=domain,
        lines=[_line(one, domain.name, accounts) for one in await lists.holds(actor, domain.name)],
        accounts=[*there, *removed],
        longest=LONGEST.days,
        refused=no,
        typed_scope=visit.typed("scope") or f"account:{visit.request.query_params.get('account', '')}",
        typed_reason=visit.typed("reason"),
    )


def _line(held: Held, domain: str, accounts: Mapping[str, Account]) -> Line:
    kind, _, which = held.scope.partition(":")
    if kind == "fax":
        return Line(held, gettext("One fax"), f"/fax/{which}")
    if kind == "account" and which in accounts:
        words = gettext("All faxes of {whose}").format(whose=party(accounts[which].number))
        return Line(held, words, f"{domain_page(domain)}/{which}")
    of_domain = gettext("All faxes of {whose}").format(whose=domain)
    return Line(held, of_domain if kind == "domain" else gettext("All faxes of one fax number"), "")


def _holds(visit: Visit) -> Holds:
    return visit.services.inventory.holds
