"""Domains: the list, another one, and how many fax numbers one may have."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from services._runtime.translating import N_, gettext
from services.portal.inventory.refusals import Refusal, Refused, refused
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show

WITH_SLASH: Final = Refused((Refusal("domain", "domain-invalid", N_("Write the name without a slash.")),))
"""A name stands in addresses, where a slash would part it."""


@dataclass(frozen=True)
class TypedDomain:
    """The form as typed."""

    name: str = ""
    maximum: str = ""
    region: str = "US"


def maximum_of(typed: str) -> int | Refused | None:
    """How many fax numbers: a number; nothing: unlimited."""
    if not typed or typed.casefold() == "unlimited":
        return None
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else refused("maximum-invalid")  # noqa: PLR2004 - digits of an integer column


async def domains(visit: Visit) -> Response:
    """The list."""
    return await _list(visit, TypedDomain(), open_="add" in visit.request.query_params)


async def add_domain(visit: Visit) -> Response:
    """Another customer."""
    typed = TypedDomain(visit.typed("name"), visit.typed("maximum"), visit.typed("region").upper())
    maximum = maximum_of(typed.maximum)
    if isinstance(maximum, Refused):
        return await _list(visit, typed, maximum, open_=True)
    if "/" in typed.name:
        return await _list(visit, typed, WITH_SLASH, open_=True)
    made = await visit.services.inventory.numbers.add_domain(visit.actor, typed.name, maximum, typed.region or "US")
    if isinstance(made, Refused):
        return await _list(visit, typed, made, open_=True)
    return go(domain_page(made.name))


async def domain(visit: Visit) -> Response:
    """A domain begins with its inventory."""
    return go(domain_page(visit.request.path_params["domain"]))


async def _list(visit: Visit, typed: TypedDomain, no: Refused | None = None, *, open_: bool = False) -> Response:
    query = visit.request.query_params.get("q", "").strip()
    found = await visit.services.inventory.lists.domains(visit.actor)
    shown = [one for one in found if query.casefold() in one.name.casefold()]
    return await show(
        visit,
        "domains.html",
        title=gettext("Domains"),
        domains=shown,
        query=query,
        typed=typed,
        refused=no,
        open=open_,
    )
