"""The trivial stage that proves the runtime: each event has one effect, a line in a file, behind a claim."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from schemas.fax import FaxStatusChanged
from schemas.keys import claim_prefix
from schemas.retention import FaxExpired
from schemas.topics import Topic
from services._runtime.claims import Busy, Claims, Held
from services._runtime.outcomes import DependencyAway, Done, Outcome, RetryLater
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage

ECHO = Topic("echo", "account_id", (FaxExpired,), ("tests",), ("echo",), partitions=6)
"""Its key isn't the fax id, so that several faxes share a key and their order can be checked."""

LEASE_SECONDS = 5.0


class Echo:
    """Appends `<key> <fax id>` to the file that ECHO_FILE names; ECHO_SLOW is how long that takes, in seconds."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._file = Path(os.environ["ECHO_FILE"])
        self._slow = float(os.environ.get("ECHO_SLOW", "0"))
        self._away = Path(os.environ.get("ECHO_AWAY", "/nonexistent"))

    async def handle(self, event: FaxExpired) -> Outcome:
        if self._away.exists():
            raise DependencyAway("echo-file")
        claim = await self._claims.take(claim_prefix(event.accepted_at, event.fax_id, "echo", "file"))
        if isinstance(claim, Busy):
            return RetryLater("claim-held", not_before=claim.until)
        if isinstance(claim, Held):
            self._note("began", event)
            await asyncio.sleep(self._slow)
            self._note("ended", event)
            await claim.complete({})
        return Done((_echoed(event),))

    def _note(self, what: str, event: FaxExpired) -> None:
        with self._file.open("a") as file:
            file.write(f"{what} {event.account_id} {event.fax_id} {os.getpid()}\n")


def _echoed(event: FaxExpired) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=event.fax_id,
        version=1,
        state="expired",
        stage="retention",
        at=event.expired_at,
        direction="received",
        accepted_at=event.accepted_at,
        account_id=event.account_id,
    )


async def build(resources: Resources) -> tuple[Stage, ...]:
    claims = Claims(resources.blobs(), resources.owner, timedelta(seconds=LEASE_SECONDS))
    return (Stage("echo", ECHO, Echo(claims).handle, timeout=3.0, concurrency=8, batch=8),)


if __name__ == "__main__":
    run_stages("echo", build)
