"""Domains and their phone numbers."""

from typing import Annotated

from fastapi import Query

from services.portal.api import given, told
from services.portal.api.describing import addresses
from services.portal.api.doors import Office, Reseller
from services.portal.api.problems import done
from services.portal.inventory.views import Domain, PhoneNumber

router = addresses("domains")

Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/domains", operation_id="listDomains")
async def domains(caller: Office) -> told.Domains:
    """The caller's domains, by name."""
    found = await caller.inventory.lists.domains(caller.actor)
    return told.Domains(domains=[_domain(one) for one in found])


@router.post("/domains", status_code=201, operation_id="addDomain")
async def add_domain(caller: Reseller, wanted: given.NewDomain) -> told.Domain:
    """Another customer."""
    made = await caller.inventory.numbers.add_domain(caller.actor, wanted.name, wanted.maximum, wanted.region)
    return _domain(done(made))


@router.patch("/domains/{domain}", operation_id="setMaximum")
async def set_maximum(caller: Reseller, domain: str, wanted: given.Maximum) -> told.Domain:
    """How many fax numbers a domain may have. Those it has stay, even if they are more."""
    return _domain(done(await caller.inventory.numbers.set_maximum(caller.actor, domain, wanted.maximum)))


@router.get("/domains/{domain}/numbers", operation_id="listNumbers")
async def numbers(
    caller: Office, domain: str, query: str = "", after: str = "", limit: Limit = 100
) -> told.PhoneNumbers:
    """A domain's numbers whose digits contain those of `query`, in order."""
    found = await caller.inventory.lists.numbers(caller.actor, domain, query, after=after, limit=limit)
    return told.PhoneNumbers(numbers=[_number(one) for one in found.numbers], more=found.more)


@router.post("/domains/{domain}/numbers", status_code=201, operation_id="addNumbers")
async def add_numbers(caller: Reseller, domain: str, wanted: given.NewNumbers) -> told.Added:
    """More numbers of a domain, available; all of them, or none."""
    made = await caller.inventory.numbers.add_numbers(caller.actor, domain, wanted.numbers)
    return told.Added(numbers=list(done(made)))


@router.patch("/numbers/{number}", operation_id="setTreatment")
async def set_treatment(caller: Reseller, number: str, wanted: given.NewTreatment) -> told.Treatment:
    """What a call to a number meets. It becomes a fax number by adding a fax account only."""
    made = await caller.inventory.numbers.set_treatment(caller.actor, number, wanted.treatment)
    return told.Treatment(number=number, treatment=done(made))


def _domain(one: Domain) -> told.Domain:
    return told.Domain(name=one.name, region=one.region, maximum=one.usage.maximum, used=one.usage.used)


def _number(one: PhoneNumber) -> told.PhoneNumber:
    why_not = one.why_not.words if one.why_not else None
    return told.PhoneNumber(number=one.number, domain=one.domain, treatment=one.treatment, why_not=why_not)
