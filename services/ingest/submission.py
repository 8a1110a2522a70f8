"""A fax to send, from any gateway: accepted, stored and announced. What a gateway answers success for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from schemas.accounts import FaxAccount
from schemas.base import StoredObject
from schemas.fax import Attachment, Cover, FaxStatusChanged, FaxSubmitted, SubmissionMethod
from schemas.keys import ATTACHMENTS, COVER_TEXT, SUBMISSION, fax_prefix
from services._runtime.acceptance import accept
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON, utc_now
from services._runtime.expiry import is_expired
from services._runtime.publisher import Publishes, message_of

LETTER_REGIONS = frozenset({"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "PR", "SV", "VE"})
"""Where paper is Letter (Unicode CLDR, supplemental paperSize data); elsewhere it is A4."""

FILENAME = 60
"""Characters of a file's name that are kept."""


@dataclass(frozen=True)
class File:
    """One file, as it came; `media_type` is what its sender calls it: for the document worker a hint only."""

    filename: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Submission:
    """What a gateway was given, from a sender it has authenticated.

    Attributes:
        fax_id: From `schemas.identity`, by the gateway's rule.
        account: Whose fax it is.
        destination: The number as the user wrote it.
        files: In the order attached; at least one.
        cover: Make a cover page, with `cover_text` on it.
        reply_to: Who is told by mail how it ends.
        source_sha256: Of what was submitted, where the id already stands for all of it; so that settings of the account
            which change between a submission and its repeat don't make two faxes of it.
    """

    fax_id: UUID
    account: FaxAccount
    method: SubmissionMethod
    sender: str
    destination: str
    files: tuple[File, ...]
    subject: str = ""
    subaddress: str | None = None
    cover: bool = False
    cover_text: str = ""
    reply_to: str | None = None
    resolution: Literal["standard", "fine"] = "fine"
    source_sha256: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all that makes this fax: another digest under the same id is another fax."""
        if self.source_sha256 is not None:
            return self.source_sha256
        parts = [
            self.destination,
            self.subaddress or "",
            self.subject,
            self.cover_text,
            str(self.cover),
            self.resolution,
        ]
        parts += [part for file in self.files for part in (file.filename, sha256(file.data).hexdigest())]
        return sha256("\0".join(parts).encode()).hexdigest()


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
        if not is_expired(accepted.accepted_at, self.now()):
            event = await self._stored(submission, accepted.fax_id, accepted.accepted_at)
            messages = [message_of(one, source="ingest", at=self.now()) for one in (event, _step(event))]
            await self.publisher.publish(messages)
        return Submitted(accepted.fax_id, accepted.accepted_at, accepted.repeat)

    async def _stored(self, submission: Submission, fax_id: UUID, accepted_at: datetime) -> FaxSubmitted:
        prefix = fax_prefix(accepted_at, fax_id)
        if (raw := await self.blobs.get(prefix + SUBMISSION)) is not None:
            return FaxSubmitted.model_validate_json(raw)
        files = [
            Attachment(
                filename=one_line(file.filename[-FILENAME:]),
                document=await self._keep(f"{prefix}{ATTACHMENTS}{number:02}", file.data, _media_type(file)),
            )
            for number, file in enumerate(submission.files, 1)
        ]
        text = submission.cover_text.encode()
        cover_text = await self._keep(prefix + COVER_TEXT, text, "text/plain") if submission.cover and text else None
        event = _event(submission, fax_id, accepted_at, tuple(files), cover_text)
        await self._keep(prefix + SUBMISSION, event.model_dump_json(exclude_none=True).encode(), JSON)
        return event

    async def _keep(self, key: str, data: bytes, media_type: str) -> StoredObject:
        await self.blobs.put(key, data, media_type)
        return StoredObject(key=key, size=len(data), media_type=media_type)


def one_line(text: str) -> str:
    """`text` as one printable line of at most 200 characters, as events carry it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]


def _media_type(file: File) -> str:
    told = file.media_type.lower()
    return told if re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,80}", told) else "application/octet-stream"


def _event(
    submission: Submission,
    fax_id: UUID,
    accepted_at: datetime,
    attachments: tuple[Attachment, ...],
    cover_text: StoredObject | None,
) -> FaxSubmitted:
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


def _step(event: FaxSubmitted) -> FaxStatusChanged:
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
    )
