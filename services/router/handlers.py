"""fax-ready in; email-requested, ata-requested and fax-status out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.fax import ReceivedFaxReady, SubmittedFaxReady
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON, utc_now
from services._runtime.outcomes import DeadLetter, Done, Outcome
from services.router.domain import Decision, decide


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
            return DeadLetter("unexpected-error", "submitted faxes are not routed yet")
        account = await self.accounts.look_up(fax.called_number)
        decision = await self._stored(fax, decide(fax, account, self.now()))
        return Done(decision.events)

    async def _stored(self, fax: ReceivedFaxReady, decision: Decision) -> Decision:
        key = fax_prefix(fax.accepted_at, fax.fax_id) + DECISION
        while not await self.blobs.create(key, decision.model_dump_json(exclude_none=True).encode(), JSON):
            raw = await self.blobs.get(key)
            if raw is not None:
                return Decision.model_validate_json(raw)
        return decision
