"""fax-submitted in; fax-ready, fax-status, and pages made anew for the dialer out."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from schemas.base import Event, StoredObject
from schemas.fax import FaxSubmitted, RenderRequested
from schemas.keys import DIALLED, DOCUMENT, THUMBNAIL, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.deleted import deletion_again
from services._runtime.expiry import expired_by
from services._runtime.outcomes import Done, Outcome, RetryLater
from services.ingest.documents.cover import Cover
from services.ingest.documents.geometry import FINE, STANDARD
from services.ingest.documents.heading import Heading
from services.ingest.documents.limits import MAX_BYTES
from services.ingest.documents.sending import ALL, Pages, Refused, Sent, SentFile
from services.ingest.documents.sheet import Setup
from services.ingest.rendering import rendered
from services.ingest.submitted_events import Made, ready, status


class ConvertSubmitted(Protocol):
    """Makes the pages of submitted files, or says why not."""

    def __call__(self, files: tuple[SentFile, ...], pages: Pages, /) -> Awaitable[Sent | Refused]: ...  # noqa: D102


class _ObjectMissing(Exception):  # noqa: N818 - it never leaves this file
    """The event names an object that isn't there."""


@dataclass(frozen=True)
class SubmittedFaxes:
    """Makes the pages that are dialled of what a gateway took, or says at once by name why it can't."""

    blobs: Blobs
    convert: ConvertSubmitted
    now: Callable[[], datetime] = utc_now

    async def handle(self, event: FaxSubmitted | RenderRequested) -> Outcome:
        """Read, convert, store. The same event gives the same objects."""
        told: tuple[Event, ...] = ()
        with suppress(_ObjectMissing):
            if isinstance(event, RenderRequested):
                told = (await rendered(event, self.blobs, partial(self._converted, a4=event.a4)),)
            else:
                made = await self._made(event)
                told = (ready(event, made), status(event, made, self.now()))
        if again := await deletion_again(self.blobs, event.accepted_at, event.fax_id, self.now()):
            return Done((expired_by(event, self.now()), again))
        return Done(told) if told else RetryLater("object-missing", attempts=2, detail="an attachment isn't there")

    async def _made(self, event: FaxSubmitted) -> Made:
        if sum(one.document.size for one in event.attachments) > MAX_BYTES:
            return Made(failure="too-large", failed_file=_largest(event))
        sent = await self._converted(event)
        if isinstance(sent, Refused):
            return Made(failure=sent.reason, failed_file=None if sent.file == ALL else sent.file)
        prefix = fax_prefix(event.accepted_at, event.fax_id)
        return Made(
            await self._keep(prefix + DIALLED, sent.fax, "image/tiff"),
            await self._keep(prefix + DOCUMENT, sent.pdf, "application/pdf"),
            await self._keep(prefix + THUMBNAIL, sent.thumbnail, "image/png"),
            pages=sent.pages,
        )

    async def _converted(self, event: FaxSubmitted, *, a4: bool = False) -> Sent | Refused:
        files = tuple([SentFile(one.document.media_type, await self._read(one.document)) for one in event.attachments])
        return await self.convert(files, replace(pages_of(event, await self._cover_text(event)), a4=a4))

    async def _cover_text(self, event: FaxSubmitted) -> str:
        text = event.cover.text if event.cover else None
        return (await self._read(text)).decode("utf-8", "replace") if text else ""

    async def _read(self, stored: StoredObject) -> bytes:
        data = await self.blobs.get(stored.key)
        if data is None:
            raise _ObjectMissing
        return data

    async def _keep(self, key: str, data: bytes, media_type: str) -> StoredObject:
        await self.blobs.put(key, data, media_type)
        return StoredObject(key=key, size=len(data), media_type=media_type)


def _largest(event: FaxSubmitted) -> int | None:
    """The file that is too large by itself, if one is."""
    sizes = [one.document.size for one in event.attachments]
    return sizes.index(max(sizes)) if max(sizes) > MAX_BYTES else None


def pages_of(event: FaxSubmitted, cover_text: str) -> Pages:
    """What the pages of a submission show beside its files."""
    heading = Heading(event.header_text, event.fax_number, event.destination, event.accepted_at, event.time_zone)
    cover = Cover(event.cover.brand.name, heading, event.subject, cover_text) if event.cover else None
    return Pages(Setup(event.paper, FINE if event.resolution == "fine" else STANDARD), heading, cover)
