"""fax-ready in; email-requested, ata-requested, fax-to-dial and fax-status out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.fax import ReceivedFaxReady, SubmittedFaxReady
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import decide_once
from services._runtime.outcomes import Done, Outcome
from services.router.domain import decide
from services.router.submitted import decide_submitted


class Accounts(Protocol):
    """Who has a number."""

    async def look_up(self, fax_number: str) -> FaxAccount | RemovedAccount | None:
        """The newest record of a number; raises `DependencyAway` when it can't be known."""


@dataclass(frozen=True)
class Router:
    """Decides about each fax once: a redelivery publishes the stored decision, whatever the account says by then."""

    accounts: Accounts
    blobs: Blobs
    now: Callable[[], datetime] = utc_now

    async def handle(self, fax: ReceivedFaxReady | SubmittedFaxReady) -> Outcome:
        """Decide, store, publish."""
        if isinstance(fax, SubmittedFaxReady):
            decision = decide_submitted(fax, await self.accounts.look_up(fax.fax_number), self.now())
        else:
            account = await self.accounts.look_up(fax.called_number) if fax.called_number else None
            decision = decide(fax, account, self.now())
        return Done((await decide_once(self.blobs, fax.accepted_at, fax.fax_id, decision)).events)
