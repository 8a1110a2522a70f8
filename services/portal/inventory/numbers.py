"""Phone numbers and domains: what a reseller sets up before there is a fax account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from services.portal.inventory import rows
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.checking import name_of, number_of
from services.portal.inventory.refusals import Refused, refuse, refused
from services.portal.inventory.situations import used
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import DOMAINS, NUMBERS
from services.portal.inventory.treatments import TREATMENTS
from services.portal.inventory.views import Domain, Usage

MOST = 1_000_000
"""The highest maximum of fax numbers that can be written."""


@dataclass(frozen=True)
class NumberPlans:
    """Domains and their numbers. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def add_domain(self, actor: Actor, name: str, maximum: int | None, region: str = "US") -> Domain | Refused:
        """A new customer; `maximum` 0: no fax numbers, None: any number of them."""
        actor.must("change-domains")
        wanted = name_of(name)
        if wanted is None:
            return refused("domain-invalid")
        if not _is_maximum(maximum):
            return refused("maximum-invalid")

        async def work(change: Change) -> Domain | Refused:
            if await change.connection.scalar(select(DOMAINS.c.domain).where(DOMAINS.c.domain == wanted)):
                return refused("domain-taken")
            fields = {"domain": wanted, "reseller": actor.reseller, "maximum": maximum, "region": region}
            await change.connection.execute(insert(DOMAINS).values(fields))
            await change.record(Entry("domain.added", wanted, wanted, None, {"maximum": maximum, "region": region}))
            return Domain(wanted, actor.reseller, region, Usage(0, maximum))

        return await self.store.change(actor, work)

    async def set_maximum(self, actor: Actor, domain: str, maximum: int | None) -> Domain | Refused:
        """How many fax numbers a domain may have. Those it has stay, even if they are more."""
        actor.must("change-domains")
        if not _is_maximum(maximum):
            return refused("maximum-invalid")

        async def work(change: Change) -> Domain | Refused:
            row = await change.lock(domain)
            mine = update(DOMAINS).where(DOMAINS.c.domain == domain)
            await change.connection.execute(mine.values(maximum=maximum))
            before, after = {"maximum": row.maximum}, {"maximum": maximum}
            await change.record(Entry("domain.maximum", domain, domain, before, after))
            return Domain(domain, row.reseller, row.region, Usage(await used(change.connection, domain), maximum))

        return await self.store.change(actor, work)

    async def add_numbers(self, actor: Actor, domain: str, written: Sequence[str]) -> tuple[str, ...] | Refused:
        """Put numbers into a domain, available; all of them, or none."""
        actor.must("change-numbers")

        async def work(change: Change) -> tuple[str, ...] | Refused:
            row = await change.lock(domain)
            found = {one: number_of(one, row.region) for one in written}
            if wrong := [one for one, number in found.items() if number is None]:
                return Refused(tuple(refuse("number-invalid", written=one.strip()[:40]) for one in wrong))
            numbers = list(dict.fromkeys(one for one in found.values() if one))
            if not numbers:
                return refused("number-missing")
            if known := await _known(change, numbers):
                return Refused(tuple(refuse("number-known", number=one) for one in known))
            fields = [{"number": one, "domain": domain, "treatment": "available"} for one in numbers]
            await change.connection.execute(insert(NUMBERS), fields)
            await change.record(
                *(Entry("number.added", one, domain, None, {"treatment": "available"}) for one in numbers)
            )
            return tuple(numbers)

        return await self.store.change(actor, work)

    async def set_treatment(self, actor: Actor, number: str, treatment: str) -> str | Refused:
        """What a call to a number meets. Fax numbers become so, and stop being so, by their account only."""
        actor.must("change-numbers")
        if treatment not in TREATMENTS:
            return refused("treatment-unknown", written=treatment[:40])

        async def work(change: Change) -> str | Refused:
            row = await self._locked(change, number)
            if "fax" in {treatment, row.treatment}:
                return refused("treatment-fax")
            await change.connection.execute(
                update(NUMBERS).where(NUMBERS.c.number == number).values(treatment=treatment)
            )
            before, after = {"treatment": row.treatment}, {"treatment": treatment}
            await change.record(Entry("number.treatment", number, row.domain, before, after))
            return treatment

        return await self.store.change(actor, work)

    async def _locked(self, change: Change, number: str) -> Any:
        """A number's row, under its domain's lock."""
        chosen = select(NUMBERS).where(NUMBERS.c.number == number)
        row = (await change.connection.execute(chosen)).one_or_none()
        if row is None:
            raise NotThere("number")
        await change.lock(row.domain)
        again = (await change.connection.execute(chosen)).one()
        if again.domain != row.domain:
            raise NotThere("number")
        return again


async def _known(change: Change, numbers: Sequence[str]) -> list[str]:
    found: list[str] = []
    for part in rows.parts(numbers):
        found += await change.connection.scalars(select(NUMBERS.c.number).where(NUMBERS.c.number.in_(part)))
    return sorted(found)


def _is_maximum(maximum: int | None) -> bool:
    return maximum is None or 0 <= maximum <= MOST
