"""Device types of ATAs: those that come with the portal, which everybody may choose, and a reseller's own."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory.actors import Actor
from services.portal.inventory.checking import name_of
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import DEVICE_TYPES

SHIPPED: Final = (
    "Cisco ATA 191",
    "Cisco ATA 192",
    "Grandstream HT801",
    "Grandstream HT802",
    "Grandstream HT812",
    "Poly OBi300",
    "Poly OBi302",
)
"""Everybody's: they come with the portal, and nobody takes them away."""

MOST: Final = 200
"""Of a reseller's own: each page that adds a number lists them all."""


@dataclass(frozen=True)
class Listed:
    """What a reseller's people choose from: `SHIPPED`, and the reseller's `own` by name."""

    own: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Both, by name."""
        return tuple(sorted({*SHIPPED, *self.own}))


@dataclass(frozen=True)
class DeviceTypes:
    """Raises `NotAllowed` and `DependencyAway`."""

    store: Store

    async def listed(self, actor: Actor) -> Listed:
        """What the actor's reseller has."""
        return await self.store.read(lambda connection: listed(connection, actor.reseller))

    async def add(self, actor: Actor, written: str) -> str | Refused:
        """Another one of the reseller's own."""
        actor.must("change-device-types")
        wanted = name_of(written)
        if wanted is None:
            return refused("device-type-invalid")

        async def work(change: Change) -> str | Refused:
            known = await listed(change.connection, actor.reseller)
            if wanted in known.all:
                return refused("device-type-known")
            if len(known.own) >= MOST:
                return refused("too-many-device-types", most=MOST)
            row = {"reseller": actor.reseller, "device_type": wanted}
            await change.connection.execute(insert(DEVICE_TYPES).values(row))
            await change.record(Entry("device-type.added", wanted, None))
            return wanted

        return await self.store.change(actor, work)

    async def remove(self, actor: Actor, device_type: str) -> str | Refused:
        """Take one of the reseller's own from the list; devices that have it keep it."""
        actor.must("change-device-types")
        mine = (DEVICE_TYPES.c.reseller == actor.reseller, DEVICE_TYPES.c.device_type == device_type)

        async def work(change: Change) -> str | Refused:
            if not (await change.connection.execute(delete(DEVICE_TYPES).where(*mine))).rowcount:
                return refused("device-type-unknown", written=device_type[:60])
            await change.record(Entry("device-type.removed", device_type, None))
            return device_type

        return await self.store.change(actor, work)


async def listed(connection: AsyncConnection, reseller: str) -> Listed:
    """What a reseller has."""
    own = select(DEVICE_TYPES.c.device_type).where(DEVICE_TYPES.c.reseller == reseller)
    return Listed(tuple(sorted(await connection.scalars(own))))
