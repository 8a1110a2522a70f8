"""ata-requested in; held for the device, listed, fetched, acknowledged."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from schemas.fax import AtaNoticeRequested, AtaRequested
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.deleted import deletion_again
from services._runtime.outcomes import Done, Outcome
from services.ingest.ata import domain, notices
from services.ingest.ata.adapters import HeldFaxes
from services.ingest.ata.arrivals import Arrivals
from services.ingest.ata.devices import Device
from services.ingest.ata.domain import HeldFax
from services.ingest.ata.problems import Refused

AT_ONCE: Final = 50
"""Faxes in one answer; the device asks again when it has taken them."""

LOOK_SECONDS: Final = 2.0
"""How often a poll that waits looks for faxes that arrived at another process."""


@dataclass(frozen=True)
class Receiving:
    """Received faxes, and pages about sent ones, on their way to the device."""

    faxes: HeldFaxes
    blobs: Blobs
    arrivals: Arrivals = field(default_factory=Arrivals)
    now: Callable[[], datetime] = utc_now

    async def handle(self, request: AtaRequested | AtaNoticeRequested) -> Outcome:
        """Hold a fax, or a page, for its device; a repeat changes nothing. Its step is in the outbox."""
        if isinstance(request, AtaNoticeRequested):
            page = await notices.stored_page(request, self.blobs)
            if again := await deletion_again(self.blobs, request.accepted_at, request.fax_id, self.now()):
                return Done((again,))  # whoever deleted the fax wants no page of it
            await self.faxes.add(domain.hold_page(request, page, self.now()))
        else:
            await self.faxes.add(domain.hold(request, self.now()))
        self.arrivals.arrived(request.serial)
        return Done()

    async def waiting(self, device: Device, seconds: float = 0) -> tuple[HeldFax, ...]:
        """What the device may take; if there is nothing, what comes within `seconds`."""
        with self.arrivals.waiting(device.serial) as arrival:
            deadline = asyncio.get_running_loop().time() + seconds
            while True:
                arrival.clear()
                found = await self.faxes.waiting(device.serial, device.account.account_id, self.now(), AT_ONCE)
                left = deadline - asyncio.get_running_loop().time()
                if found or left <= 0:
                    return found
                await _either(arrival, min(left, LOOK_SECONDS))

    async def document(self, device: Device, fax_id: UUID) -> tuple[bytes, str]:
        """The pages of what waits, and their media type: the TIFF as telephony received it, or as we drew it.

        Raises:
            Refused: It isn't the device's, no longer waits, or is no longer kept.
        """
        fax = await self._mine(device, fax_id)
        if fax.state != "waiting":
            raise Refused("no-longer-waiting")
        data = await self.blobs.get(fax.document.key)
        if data is None:
            raise Refused("document-gone")
        return data, fax.document.media_type

    async def acknowledge(self, device: Device, fax_id: UUID) -> HeldFax:
        """The device has printed a fax; the fax as it is after that, which is *mailed* if the device came too late.

        Raises:
            Refused: It isn't the device's.
        """
        await self._mine(device, fax_id)
        changed = await self.faxes.change(fax_id, lambda fax: domain.acknowledge(fax, self.now()))
        if changed is None:
            raise Refused("no-such-fax")
        return changed

    async def _mine(self, device: Device, fax_id: UUID) -> HeldFax:
        fax = await self.faxes.find(fax_id)
        if fax is None or (fax.serial, fax.account_id) != (device.serial, device.account.account_id):
            raise Refused("no-such-fax")
        return fax


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
