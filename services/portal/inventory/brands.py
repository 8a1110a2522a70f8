"""A reseller's brand, and the list of device types."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import delete, insert, select, update

from schemas.accounts import Brand
from services.portal.inventory import rows
from services.portal.inventory.actors import Actor
from services.portal.inventory.checking import name_of, problem_of
from services.portal.inventory.publishing import record_of
from services.portal.inventory.refusals import Refused, refuse, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, BRANDS, DEVICE_TYPES

REBRANDING_SECONDS: Final = 120.0
"""For a change of brand: every account's record is published anew."""


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
            return Refused((refuse("brand-invalid", **problem_of(error)),))

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

    async def add_device_type(self, actor: Actor, written: str) -> str | Refused:
        """Another device type to choose from."""
        actor.must("change-device-types")
        wanted = name_of(written)
        if wanted is None:
            return refused("device-type-invalid")

        async def work(change: Change) -> str | Refused:
            known = select(DEVICE_TYPES.c.device_type).where(DEVICE_TYPES.c.device_type == wanted)
            if await change.connection.scalar(known):
                return refused("device-type-known")
            await change.connection.execute(insert(DEVICE_TYPES).values(device_type=wanted))
            await change.record(Entry("device-type.added", wanted, None))
            return wanted

        return await self.store.change(actor, work)

    async def remove_device_type(self, actor: Actor, device_type: str) -> str | Refused:
        """Take one from the list; devices that have it keep it."""
        actor.must("change-device-types")

        async def work(change: Change) -> str | Refused:
            gone = delete(DEVICE_TYPES).where(DEVICE_TYPES.c.device_type == device_type)
            if not (await change.connection.execute(gone)).rowcount:
                return refused("device-type-unknown", written=device_type[:60])
            await change.record(Entry("device-type.removed", device_type, None))
            return device_type

        return await self.store.change(actor, work)


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
