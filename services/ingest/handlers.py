"""telephony-fax-received in; fax-ready and fax-status out."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from schemas.base import StoredObject
from schemas.fax import Missing
from schemas.keys import DOCUMENT, ORIGINAL, THUMBNAIL, fax_prefix
from schemas.telephony import StrandedUpload
from services._runtime.acceptance import Acceptance, accept, accepted_when
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import was_deleted
from services._runtime.deleted import deletion_again
from services._runtime.expiry import expired_step, is_expired
from services._runtime.outcomes import Done, Outcome, RetryLater
from services.ingest.documents.conversion import Converted
from services.ingest.documents.unreadable import UnreadableDocument
from services.ingest.domain import READY, Documents, Upload, fax_id_of, ready, status

log = logging.getLogger(__name__)


class Convert(Protocol):
    """Inspects and converts a received TIFF; raises `UnreadableDocument`."""

    def __call__(self, data: bytes, pages_announced: int | None, bad_rows_reported: int) -> Awaitable[Converted]: ...  # noqa: D102


@dataclass(frozen=True)
class ReceivedFaxes:
    """Accepts what telephony uploaded, keeps the original whatever happens, and makes PDF and thumbnail."""

    blobs: Blobs
    convert: Convert
    now: Callable[[], datetime] = utc_now

    async def handle(self, event: Upload) -> Outcome:
        """Accept, store, convert."""
        data = await self.blobs.get(event.object_key)
        if data is None:
            return await self._without_upload(event)
        accepted = await accept(self.blobs, fax_id_of(event), sha256(data).hexdigest(), self.now)
        if accepted.collided:
            log.error("source key reused", extra={"source": _source(event)})
        if is_expired(accepted.accepted_at, self.now()):  # a late repeat: nothing of it is stored again
            return self._expired(accepted.fax_id, accepted.accepted_at)
        if accepted.repeat and (gone := await self._deleted(event, accepted)):
            return gone
        prefix = fax_prefix(accepted.accepted_at, accepted.fax_id)
        made = await self._documents(data, event, prefix)
        if accepted.repeat and (gone := await self._deleted(event, accepted)):
            return gone
        fax = ready(event, accepted.fax_id, accepted.accepted_at, made)
        return Done((fax, status(fax, self.now(), collided=accepted.collided)))

    async def _without_upload(self, event: Upload) -> Outcome:
        fax_id = fax_id_of(event)
        accepted_at = await accepted_when(self.blobs, fax_id)
        if accepted_at is not None and await was_deleted(self.blobs, accepted_at, fax_id):
            return self._expired(fax_id, accepted_at)
        return RetryLater("object-missing", attempts=2, detail="telephony's upload isn't there")

    async def _deleted(self, event: Upload, accepted: Acceptance) -> Outcome | None:
        """The end of a fax that a person deleted. Its upload is there once more: found alone, it would become a fax."""
        key = accepted.accepted_at, accepted.fax_id
        again = await deletion_again(self.blobs, *key, self.now(), upload=event.object_key)
        if again is None:
            return None
        step = expired_step(accepted.fax_id, READY, accepted.accepted_at, self.now(), received=True)
        return Done((step, again))

    def _expired(self, fax_id: UUID, accepted_at: datetime) -> Outcome:
        return Done((expired_step(fax_id, READY, accepted_at, self.now(), received=True),))

    async def _documents(self, data: bytes, event: Upload, prefix: str) -> Documents:
        original = await self._keep(prefix + ORIGINAL, data, "image/tiff")
        try:
            converted = await self.convert(data, *_told(event))
        except UnreadableDocument as unreadable:
            return Documents(original, failure=unreadable.reason)
        return Documents(
            original,
            await self._keep(prefix + DOCUMENT, converted.pdf, "application/pdf"),
            await self._keep(prefix + THUMBNAIL, converted.thumbnail, "image/png"),
            pages=converted.inspection.pages,
            partial=converted.inspection.partial,
            missing=tuple(Missing(what=one) for one in converted.inspection.missing),
        )

    async def _keep(self, key: str, data: bytes, media_type: str) -> StoredObject:
        await self.blobs.put(key, data, media_type)
        return StoredObject(key=key, size=len(data), media_type=media_type)


def _told(event: Upload) -> tuple[int | None, int]:
    """Pages announced, and bad rows that the switch counted."""
    return (None, 0) if isinstance(event, StrandedUpload) else (event.pages_announced, event.call.bad_rows or 0)


def _source(event: Upload) -> str:
    return event.object_key if isinstance(event, StrandedUpload) else f"{event.switch_id} {event.call_id}"
