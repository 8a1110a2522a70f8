"""Watching the demo's faxes until each has ended."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import Blobs
from services.cli.demo.faxes import DemoFax
from services.cli.following import StatusReader
from services.cli.receiving import MAIL_ENDS, Way

QUIET_SECONDS = 90.0
"""How long to wait while nothing ends."""


@dataclass
class Watch:
    """Every fax's way; `tell` hears of each as it ends."""

    reader: StatusReader
    blobs: Blobs
    tell: Callable[[DemoFax, Way], None]
    waiting: dict[UUID, tuple[DemoFax, Way]] = field(default_factory=dict)
    ended: int = 0

    def expect(self, fax: DemoFax) -> None:
        """Watch `fax`; said before it is handed over, so that no step is missed."""
        self.waiting[fax.fax_id] = fax, Way(fax.fax_id)

    async def until_ended(self, all_handed_over: Callable[[], bool]) -> None:
        """Return when every fax has ended, or when nothing has ended for 90 s."""
        last = time.monotonic()
        while self.waiting or not all_handed_over():
            before = self.ended
            for step in await self.reader.take(0.3):
                await self._note(step)
            if self.ended > before:
                last = time.monotonic()
            if time.monotonic() - last > QUIET_SECONDS:
                return

    async def _note(self, step: FaxStatusChanged) -> None:
        if step.fax_id not in self.waiting:
            return
        fax, way = self.waiting[step.fax_id]
        way.steps.append(step)
        if step.stage == "router" and way.decision is None:
            raw = await self.blobs.get(fax_prefix(step.accepted_at, step.fax_id) + DECISION)
            way.decision = Decision.model_validate_json(raw) if raw else None
        if _over(fax, way):
            del self.waiting[step.fax_id]
            self.ended += 1
            self.tell(fax, way)


def _over(fax: DemoFax, way: Way) -> bool:
    """Whether nothing more will happen, also to the repeats of a fax that was told of more than once."""
    mails = Counter(step.recipient for step in way.steps if step.state in MAIL_ENDS)
    return way.ended and all(seen >= fax.times for seen in mails.values())
