"""fax-ready in; email-requested, ata-requested, fax-to-dial and fax-status out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import StoredObject
from schemas.decision import Decision
from schemas.fax import ReceivedFaxReady, ReleaseRequested, SubmittedFaxReady
from schemas.keys import DOCUMENT, ORIGINAL, RELEASE, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import decide_once, stored_decision
from services._runtime.deleted import deletion_again
from services._runtime.outcomes import Done, Outcome
from services.router.domain import decide, repeated_upload
from services.router.release import as_it_came, may_be_released, refusal, release
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

    async def handle(self, event: ReceivedFaxReady | SubmittedFaxReady | ReleaseRequested) -> Outcome:
        """Decide, store, publish."""
        if isinstance(event, ReleaseRequested):
            return await self._release(event)
        if isinstance(event, SubmittedFaxReady):
            decision = decide_submitted(event, await self.accounts.look_up(event.fax_number), self.now())
        else:
            account = await self.accounts.look_up(event.called_number) if event.called_number else None
            decision = decide(event, account, self.now())
        counted = await decide_once(self.blobs, event.accepted_at, event.fax_id, decision)
        return Done((*counted.events, *repeated_upload(counted, event)))

    async def _release(self, request: ReleaseRequested) -> Outcome:
        """Decide a second time, once: released again, by whomever, to whomever, the first release counts."""
        first = await stored_decision(self.blobs, request.accepted_at, request.fax_id)
        if first is None or not may_be_released(first, request):
            return Done()
        fax = first.received or await self._as_it_came(first)
        account = await self.accounts.look_up(request.fax_number)
        decision = release(fax, request, account, self.now(), first.reseller)
        if decision is not None:
            once = await decide_once(self.blobs, request.accepted_at, request.fax_id, decision, RELEASE)
            again = await deletion_again(self.blobs, request.accepted_at, request.fax_id, self.now())
            return Done((again,) if again else once.events)
        before = await stored_decision(self.blobs, request.accepted_at, request.fax_id, RELEASE)
        return Done(before.events if before else (refusal(first, request, self.now()),))

    async def _as_it_came(self, first: Decision) -> ReceivedFaxReady:
        prefix = fax_prefix(first.status.accepted_at, first.status.fax_id)
        sizes = await self.blobs.sizes(prefix)  # the router reads no document

        def stored(name: str, media_type: str) -> StoredObject:
            return StoredObject(key=prefix + name, size=sizes.get(prefix + name, 0), media_type=media_type)

        document = stored(DOCUMENT, "application/pdf")
        return as_it_came(first, stored(ORIGINAL, "image/tiff"), document if document.size else None)
