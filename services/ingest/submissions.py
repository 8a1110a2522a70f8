"""Taking a fax to send, for any gateway: accepted, stored and announced. What a gateway answers success for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.accounts import FaxAccount
from schemas.base import StoredObject
from schemas.fax import Attachment, Cover, FaxStatusChanged, FaxSubmitted
from schemas.keys import ATTACHMENTS, COVER_TEXT, SUBMISSION, fax_prefix
from services._runtime.acceptance import Acceptance, accept
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON, utc_now
from services._runtime.decision import was_deleted
from services._runtime.expiry import is_expired
from services._runtime.publisher import Publishes, message_of
from services.ingest.submission import Submission, one_line

LETTER_REGIONS = frozenset({"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "PR", "SV", "VE"})
"""Where paper is Letter (Unicode CLDR, supplemental paperSize data); elsewhere it is A4."""


@dataclass(frozen=True)
class Submitted:
    """The answer: the fax's id and date; `repeat` says that it was accepted before, and is the same one."""

    fax_id: UUID
    accepted_at: datetime
    repeat: bool


@dataclass(frozen=True)
class Submissions:
    """Takes submissions. When `submit` returns, the bytes are stored and the event is confirmed."""

    blobs: Blobs
    publisher: Publishes
    now: Callable[[], datetime] = utc_now

    async def submit(self, submission: Submission, *, refuse_other: bool = False) -> Submitted:
        """Accept, store, announce; all of it again, to the same end, for a repeat.

        Raises:
            DependencyAway: The store doesn't answer. Whoever submits may do so again.
            PublishUnknown: Kafka didn't confirm. Whoever submits may do so again.
            SourceKeyReused: `refuse_other`, and another fax was submitted under the same id.
        """
        accepted = await accept(self.blobs, submission.fax_id, submission.digest, self.now, refuse_other=refuse_other)
        if not await self._is_gone(accepted):
            event = await self._stored(submission, accepted.fax_id, accepted.accepted_at)
            told = (event, _step(event, submission.account))
            messages = [message_of(one, source="ingest", at=self.now()) for one in told]
            await self.publisher.publish(messages)
        return Submitted(accepted.fax_id, accepted.accepted_at, accepted.repeat)

    async def _is_gone(self, accepted: Acceptance) -> bool:
        """Too old, or deleted by a person: a late repeat stores nothing of it again."""
        if is_expired(accepted.accepted_at, self.now()):
            return True
        return accepted.repeat and await was_deleted(self.blobs, accepted.accepted_at, accepted.fax_id)

    async def _stored(self, submission: Submission, fax_id: UUID, accepted_at: datetime) -> FaxSubmitted:
        prefix = fax_prefix(accepted_at, fax_id)
        if (raw := await self.blobs.get(prefix + SUBMISSION)) is not None:
            return FaxSubmitted.model_validate_json(raw)
        files = [
            Attachment(
                filename=file.name,
                document=await self._keep(f"{prefix}{ATTACHMENTS}{number:02}", file.data, file.kind),
            )
            for number, file in enumerate(submission.files, 1)
        ]
        text = submission.cover_text.encode()
        cover_text = await self._keep(prefix + COVER_TEXT, text, "text/plain") if submission.cover and text else None
        event = announcement(submission, fax_id, accepted_at, tuple(files), cover_text)
        await self._keep(prefix + SUBMISSION, event.model_dump_json(exclude_none=True).encode(), JSON)
        return event

    async def _keep(self, key: str, data: bytes, media_type: str) -> StoredObject:
        await self.blobs.put(key, data, media_type)
        return StoredObject(key=key, size=len(data), media_type=media_type)


def announcement(
    submission: Submission,
    fax_id: UUID,
    accepted_at: datetime,
    attachments: tuple[Attachment, ...],
    cover_text: StoredObject | None,
) -> FaxSubmitted:
    """The event that tells the document worker of a submission; its pages follow from it and the files alone."""
    account = submission.account
    return FaxSubmitted(
        fax_id=fax_id,
        version=1,
        account_id=account.account_id,
        fax_number=account.fax_number,
        method=submission.method,
        sender=one_line(submission.sender),
        destination=one_line(submission.destination),
        subaddress=submission.subaddress,
        subject=one_line(submission.subject),
        reply_to=submission.reply_to,
        accepted_at=accepted_at,
        attachments=attachments,
        cover=Cover(brand=account.brand, text=cover_text) if submission.cover else None,
        header_text=account.header_text or account.primary_user.name,
        time_zone=account.time_zone,
        paper="letter" if account.region in LETTER_REGIONS else "a4",
        resolution=submission.resolution,
    )


def _step(event: FaxSubmitted, account: FaxAccount) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=event.fax_id,
        version=event.version,
        state="accepted",
        stage="ingest",
        at=event.accepted_at,
        direction="sent",
        accepted_at=event.accepted_at,
        account_id=event.account_id,
        fax_number=event.fax_number,
        other_party=event.destination[:64] or None,
        reseller=account.reseller,
        domain=account.domain,
    )
