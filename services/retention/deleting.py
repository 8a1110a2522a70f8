"""deletion-requested in; fax-expired out. One fax goes for good, whatever its age; or one upload (docs/adr/0007)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from uuid import UUID

from schemas.decision import DELETED, Decision
from schemas.keys import INCOMING, ORIGINAL, RELEASE, accepted_key, fax_prefix
from schemas.retention import DeletionRequested, FaxExpired, UploadRepeated
from services._runtime.acceptance import Accepted
from services._runtime.claims import JSON
from services._runtime.decision import decision_key
from services._runtime.expiry import expired_step
from services._runtime.outcomes import Done, Outcome, RetryLater
from services.retention.facts import Record, Status
from services.retention.files import File
from services.retention.holds import cover, read
from services.retention.sweep import Candidate, Sweep, Swept
from services.retention.telling import Told

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deletions:
    """Deletes what a person wants gone: the pages, telephony's upload and whatever lies beside.

    What stays until the fax's day is swept says nothing of its content, and keeps a repeated event from bringing it
    back: acceptance, claims, and in place of the decision one that says *deleted*.
    """

    sweep: Sweep
    told: Told

    async def handle(self, event: DeletionRequested | UploadRepeated) -> Outcome:
        """Delete the fax that is asked for, or an upload of it that is one too many; else nothing.

        Raises:
            DependencyAway: The store doesn't answer or holds can't be known.
        """
        return await (self._upload(event) if isinstance(event, UploadRepeated) else self._fax(event))

    async def _upload(self, event: UploadRepeated) -> Outcome:
        """Delete an upload whose fax has its copy, or was deleted."""
        copy = await self.sweep.bucket.find(fax_prefix(event.accepted_at, event.fax_id) + ORIGINAL)
        record = Record.read(await self.sweep.blobs.get(decision_key(event.accepted_at, event.fax_id)))
        if copy or (record and record.rule == DELETED):
            await self.sweep.bucket.delete(await self._uploads(event.fax_id, {event.upload}))
        return Done()

    async def _uploads(self, fax_id: UUID, keys: set[str | None]) -> list[File]:
        """Every version of these uploads; not of one that is another fax by now, for telephony used its key again."""
        accepted = await self.sweep.blobs.get(accepted_key(fax_id))
        mine = Accepted.model_validate_json(accepted).sha256 if accepted else None
        found = []
        for key in keys:
            if key is not None and key.startswith(INCOMING):
                data = await self.sweep.blobs.get(key)
                if data is None or sha256(data).hexdigest() == mine:
                    found.append(key)
        return await self.sweep.bucket.all_of(found)

    async def _fax(self, request: DeletionRequested) -> Outcome:
        """Delete a fax, if it is the account's and on no hold."""
        [fax] = await self._look(request)
        await self.sweep.pace.spend(fax.objects)  # a sweep may be before it: what has to be waited for comes first
        still_good = await read(self.sweep.holds)
        if why := self._kept(fax, request):
            log.warning("not deleted", extra={"fax": str(request.fax_id), "reason": why})
            return Done()
        return await self._delete(request, still_good)

    async def _look(self, request: DeletionRequested) -> list[Candidate]:
        day = request.accepted_at.astimezone(UTC).date()
        return await self.sweep.look(day, [request.fax_id], self.sweep.now())

    def _kept(self, fax: Candidate, request: DeletionRequested) -> str:
        """Why it stays; empty if it goes."""
        if fax.remains.held or cover(self.sweep.holds.held, fax.facts):
            return "it is on hold"
        if fax.remains.decision is None:
            return "nothing was decided about it, or it is gone"
        return "" if fax.facts.account_id == request.account_id else "it is another account's"

    async def _delete(self, request: DeletionRequested, still_good: Callable[[], None]) -> Outcome:
        still_good()
        upload = await self._note(request)  # from now on, whatever comes late ends (`services._runtime.deleted`)
        [fax] = await self._look(request)
        files = [
            *await self._uploads(request.fax_id, {upload, request.upload}),
            *fax.remains.documents,
            *await self._decisions(fax, request),
        ]
        if refused := await self.sweep.bucket.delete(files, still_good):
            keys = ", ".join(file.key for file in refused)
            return RetryLater("objects-not-deleted", attempts=3, detail=f"{len(refused)} objects: {keys}"[:500])
        tombstone = FaxExpired(
            fax_id=request.fax_id,
            account_id=request.account_id,
            accepted_at=request.accepted_at,
            expired_at=self.sweep.now(),
            cause="deleted-by-user",
            objects=len(files),
            size=sum(file.size for file in files),
        )
        self.told.swept(Swept(expired=[tombstone]))
        return Done((tombstone,))

    async def _note(self, request: DeletionRequested) -> str | None:
        """Write that it is deleted in place of the decision; the key of telephony's upload, which was named there."""
        key = decision_key(request.accepted_at, request.fax_id)
        before = Record.read(await self.sweep.blobs.get(key)) or Record()
        if before.rule == DELETED:
            return before.upload
        status = before.status or Status(accepted_at=request.accepted_at)
        step = expired_step(
            request.fax_id,
            status.version + 1,
            request.accepted_at,
            request.requested_at,
            received=status.direction == "received",
            account_id=request.account_id,
        )
        note = Decision(
            rule=DELETED,
            why="Somebody who may deleted it.",
            account_id=request.account_id,
            domain=before.domain,
            decided_at=request.requested_at,
            status=step,
            upload=before.upload,
        )
        await self.sweep.blobs.put(key, note.model_dump_json(exclude_none=True).encode(), JSON)
        return before.upload

    async def _decisions(self, fax: Candidate, request: DeletionRequested) -> list[File]:
        """The release, and older versions of the decision: they name numbers and people."""
        release = [file for file in fax.remains.records if file.key.endswith(f"/{RELEASE}")]
        every = await self.sweep.bucket.all_of([decision_key(request.accepted_at, request.fax_id)])
        return [*release, *(file for file in every if not file.readable)]
