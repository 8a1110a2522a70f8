"""Submitting the demo's faxes and watching them to their ends."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from deploy.local.checker.manifest import Submitted
from schemas.accounts import FaxAccount
from schemas.fax import FaxStatusChanged
from services.cli.demo.printing import print_page
from services.cli.demo.submissions import SUBMISSIONS, Planned
from services.cli.devices import LocalDevice
from services.cli.following import StatusReader
from services.cli.send import submitter
from services.cli.sent_way import SentWay
from services.ingest.ata.client import GatewayRefused

QUIET_SECONDS = 90.0
"""So long without an end, and what is left has none."""

TABLE_SECONDS = 30.0
"""For the gateways to learn of the accounts that were added a moment ago."""


async def enrol(account: FaxAccount, code: str) -> None:
    """Enrol the account's device on this machine.

    Raises:
        GatewayRefused: The gateway doesn't take the code.
    """
    if account.ata is None:
        return
    device = LocalDevice.open(account.ata.serial)
    trying = AsyncRetrying(
        stop=stop_after_delay(TABLE_SECONDS),
        wait=wait_fixed(0.5),
        retry=retry_if_exception_type(GatewayRefused),
        reraise=True,
    )
    with device.client() as client:
        device.secret = await trying(asyncio.to_thread, client.enrol, code)
    device.save()


@dataclass
class Submitting:
    """Submits everything, and reads `fax-status` until all have ended and every sender is told."""

    accounts: Mapping[str, FaxAccount]
    reader: StatusReader
    tell: Callable[[Planned, SentWay], None]
    printed: Path
    submitted: list[Submitted] = field(default_factory=list)
    waiting: dict[UUID, tuple[Planned, SentWay]] = field(default_factory=dict)

    async def run(self) -> None:
        """Submit, and return when every fax has ended, or when nothing has ended for 90 s."""
        early: dict[UUID, SentWay] = {}
        submitting = asyncio.create_task(self._submit_all(early))
        last = time.monotonic()
        while (self.waiting or not submitting.done()) and time.monotonic() - last < QUIET_SECONDS:
            for step in await self.reader.take(0.3):
                if step.direction == "sent":
                    early.setdefault(step.fax_id, SentWay(step.fax_id)).steps.append(step)
                    await self._print(step)
            for fax_id in [one for one, (_, way) in self.waiting.items() if _over(way)]:
                self.tell(*self.waiting.pop(fax_id))
                last = time.monotonic()
        await submitting

    async def _submit_all(self, ways: dict[UUID, SentWay]) -> None:
        for planned in SUBMISSIONS:
            account = self.accounts[planned.sender]
            fax_id = await asyncio.to_thread(submitter(planned.by, account), planned.outgoing())
            self.submitted.append(planned.submitted(fax_id, account, self.printed))
            self.waiting[fax_id] = planned, ways.setdefault(fax_id, SentWay(fax_id))

    async def _print(self, step: FaxStatusChanged) -> None:
        """Take the page about a fax that this run submitted, as soon as it waits."""
        if step.state == "at-device" and step.fax_id in self.waiting:
            planned, _ = self.waiting[step.fax_id]
            await asyncio.to_thread(print_page, step, self.accounts[planned.sender], self.printed)


def _over(way: SentWay) -> bool:
    return way.end is not None and way.told > 0
