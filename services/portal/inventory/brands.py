"""A reseller's brand: the face that its customers see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import insert, select, update

from schemas.accounts import Brand
from services._runtime.texts import turns
from services._runtime.translating import N_, gettext
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor
from services.portal.inventory.publishing import record_of
from services.portal.inventory.refusals import Refusal, Refused, refuse, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, BRANDS

REBRANDING_SECONDS: Final = 120.0
"""For a change of brand: every account's record is published anew."""


SAID: Final[Mapping[str, str]] = {
    "name": N_("Write the brand's name in 1 to 128 characters, on one line."),
    "colour": N_("Choose a colour. It is written like #1f5fa8."),
    "portal_host": N_("Write the portal host alone, as in fax.example.com."),
    "from_address": N_("The From address is no email address. Write it like fax@example.com."),
    "support": N_("Write how to reach support in one line of at most 200 characters."),
    "language": N_("Choose a language from the list."),
}
"""Field of a brand → what is said when it can't be."""


@dataclass(frozen=True)
class Brands:
    """What is set by a reseller for all its domains. Raises `NotAllowed` and `DependencyAway`."""

    store: Store

    async def set(self, actor: Actor, fields: dict[str, Any]) -> Brand | Refused:
        """The reseller's face, from the fields of `schemas.accounts.Brand`; every account's record follows."""
        actor.must("change-brand")
        try:
            brand = Brand.model_validate(fields)
        except ValidationError as error:
            return Refused((_refusal(error),))
        if turning := next((one for one in ("name", "support") if turns(getattr(brand, one))), None):
            return refused("brand-invalid", setting=turning, problem=N_("it turns the direction of text"))

        async def work(change: Change) -> Brand | Refused:
            host = brand.portal_host.casefold()
            others = select(BRANDS.c.reseller).where(BRANDS.c.portal_host == host, BRANDS.c.reseller != actor.reseller)
            if await change.connection.scalar(others):
                return refused("host-taken")
            before = await _put(change, host, brand)
            if before != brand:
                was = before.model_dump(mode="json") if before else None
                await change.record(Entry("brand.changed", brand.name, None, was, brand.model_dump(mode="json")))
                await _republish(change, brand)
            return brand

        return await self.store.change(actor, work, REBRANDING_SECONDS)


async def _put(change: Change, host: str, brand: Brand) -> Brand | None:
    """Write the brand; what it was."""
    reseller, text = change.actor.reseller, brand.model_dump_json()
    mine = BRANDS.c.reseller == reseller
    before = await change.connection.scalar(select(BRANDS.c.brand).where(mine).with_for_update())
    if before is None:
        await change.connection.execute(insert(BRANDS).values(reseller=reseller, portal_host=host, brand=text))
        return None
    await change.connection.execute(update(BRANDS).where(mine).values(portal_host=host, brand=text))
    return Brand.model_validate_json(before)


async def _republish(change: Change, brand: Brand) -> None:
    """Every account of the reseller, one version later, with its new brand."""
    mine = (ACCOUNTS.c.reseller == change.actor.reseller, ACCOUNTS.c.state == "active")
    raised = {"version": ACCOUNTS.c.version + 1, "changed_at": change.at}
    await change.connection.execute(update(ACCOUNTS).where(*mine).values(raised))
    for part in rows.parts(await rows.accounts(change.connection, *mine)):
        await change.publish([record_of(one, brand) for one in part])


def _refusal(error: ValidationError) -> Refusal:
    """The first thing that is wrong."""
    at = error.errors(include_input=False, include_url=False)[0]["loc"]
    words = SAID.get(str(at[0])) if at else None
    if words is None:
        return refuse("brand-invalid", setting=N_("brand"), problem=N_("look at its fields"))
    return Refusal("brand", "brand-invalid", gettext(words))
