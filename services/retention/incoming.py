"""Telephony's uploads: each goes once the fax made of it holds the same bytes and was decided about."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from pydantic import ValidationError

from schemas.keys import DECISION, FAXES, INCOMING, ORIGINAL, day_prefix
from schemas.telephony import StrandedUpload
from services._runtime.blobs import Blobs
from services.retention.adapters import Bucket
from services.retention.domain import Now, earliest, wholly_due
from services.retention.facts import Record
from services.retention.files import File

AT_ONCE = 10_000
"""Uploads compared with one reading of the days around; a bound on memory (about 3 MB)."""

LATEST = timedelta(days=15)
"""How long after its upload a fax can still be accepted: topics keep the event for 14 days."""

MEMORY = 200_000
"""Keys of uploads that are remembered (about 30 MB)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Uploads:
    """What lies below ``incoming/``, compared with the originals of the faxes accepted around the same days.

    An upload and its copy are the same if size and digest are; where a digest tells nothing, since the object was
    written in pieces, the bytes are compared. The same bytes may also be another call's: whose original it is the
    fax's decision names. Named ones are remembered, so that each decision is read once.
    """

    bucket: Bucket
    blobs: Blobs
    keep: timedelta
    patience: timedelta
    now: Now
    _named: set[str] = field(default_factory=set)

    async def sweep(self, day: date) -> int:
        """Delete the uploads of `day` whose copies are verified, if that is long enough ago; how many objects.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        deleted = 0
        async for files in self._due(day):
            deleted += len(files) - len(await self.bucket.delete(files))
        return deleted

    async def due(self, day: date) -> int:
        """How many `sweep` would delete.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        return sum([len(files) async for files in self._due(day)])

    async def _due(self, day: date) -> AsyncIterator[list[File]]:
        if not wholly_due(day, earliest(self.now(), await self.bucket.clock()) - self.keep):
            return
        async for files in self._uploads(day):
            missing = await self._without_copy(day, [file for file in files if file.readable], decided=True)
            kept = {file.key for file in missing}
            yield [file for file in files if file.key not in kept]
            if kept:
                log.error("uploads without a fax are kept", extra={"day": str(day), "uploads": len(kept)})

    async def waiting(self, day: date) -> list[File]:
        """The uploads of `day` that no fax was made of within `patience` (an hour), by the store's clock.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        latest = earliest(self.now(), await self.bucket.clock()) - self.patience
        found: list[File] = []
        async for files in self._uploads(day):
            old = [file for file in files if file.readable and _written_before(file, latest)]
            found += await self._without_copy(day, old, decided=False)
        return found

    async def _uploads(self, day: date) -> AsyncIterator[list[File]]:
        versions = await self.bucket.versioned()
        batch: list[File] = []
        async for files in self.bucket.objects(day_prefix(INCOMING, day), versions=versions):
            batch += files
            if len(batch) >= AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _without_copy(self, day: date, uploads: Sequence[File], *, decided: bool) -> list[File]:
        """Those of `uploads` of which no fax has a copy; with `decided` only faxes that were decided about count."""
        left: dict[int, list[File]] = {}
        for file in uploads:
            left.setdefault(file.size, []).append(file)
        at, last = day - timedelta(days=1), min(day + LATEST, self.now().date())
        while any(left.values()) and at <= last:
            async for original in self._originals(at, decided=decided):
                if alike := left.get(original.size):
                    left[original.size] = [file for file in alike if not await self._copied(file, original)]
            at += timedelta(days=1)
        return [file for files in left.values() for file in files]

    async def _originals(self, day: date, *, decided: bool) -> AsyncIterator[File]:
        about = ""
        async for files in self.bucket.objects(day_prefix(FAXES, day), versions=False):
            for file in files:
                folder, _, name = file.key.rpartition("/")
                if name == DECISION:  # it comes before the original in the order of keys
                    about = folder
                elif name == ORIGINAL and (about == folder or not decided):
                    yield file

    async def _copied(self, upload: File, original: File) -> bool:
        """Whether an original is this upload's copy. One of which nothing is decided yet counts as it."""
        if not await self._same(upload, original):
            return False
        if upload.key in self._named:
            return True
        decided = Record.read(await self.blobs.get(f"{original.key.removesuffix(ORIGINAL)}{DECISION}"))
        if decided is not None and decided.upload == upload.key:
            self._remember(upload.key)
        return decided is None or decided.upload in {None, upload.key}

    def _remember(self, key: str) -> None:
        if len(self._named) >= MEMORY:
            self._named.clear()
        self._named.add(key)

    async def _same(self, upload: File, original: File) -> bool:
        """Whether they hold the same bytes."""
        if "-" not in upload.etag + original.etag:
            return upload.etag == original.etag
        one, other = await self.blobs.get(upload.key), await self.blobs.get(original.key)
        return one is not None and other is not None and sha256(one).digest() == sha256(other).digest()


def _written_before(file: File, moment: datetime) -> bool:
    return file.modified is not None and file.modified < moment


def stranded(files: Sequence[File]) -> list[StrandedUpload]:
    """The events that make faxes of uploads; not of one whose key is none that telephony may choose."""
    found = []
    for file in files:
        try:
            found.append(StrandedUpload.model_validate({"object_key": file.key, "uploaded_at": file.modified}))
        except ValidationError:
            log.error("an upload's key is none of ours", extra={"key": file.key})  # noqa: TRY400 - the key says all
    return found
