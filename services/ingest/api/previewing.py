"""A submission in, its pages out: made as the document worker will make them, and nothing is stored or dialled."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.accounts import FaxAccount
from schemas.base import StoredObject
from schemas.fax import Attachment
from services._runtime.claims import utc_now
from services._runtime.problems import Wrong
from services.ingest.api.form import FaxForm
from services.ingest.api.gate import Caller
from services.ingest.api.handlers import check, submission_of
from services.ingest.api.problems import FILES, Refused
from services.ingest.api.upload import Upload
from services.ingest.documents import sending
from services.ingest.submission import File, Submission
from services.ingest.submissions import announcement
from services.ingest.submitted import ConvertSubmitted, pages_of

log = logging.getLogger(__name__)

WAITING: Final = 4
"""Previews that may wait for each worker. More would be shown too late to be of use."""

EACH: Final = 2
"""Previews of one account under way at once, so that nobody keeps all workers from the others."""


@dataclass
class Room:
    """How many previews are under way in this process: as many as there are workers are made, a few wait."""

    workers: int
    _under_way: Counter[str] = field(default_factory=Counter)
    _working: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._working = asyncio.Semaphore(self.workers)

    @asynccontextmanager
    async def taken(self, account_id: str) -> AsyncIterator[None]:
        """Have a worker while the block runs.

        Raises:
            Refused: Too many others wait, or too many previews of this account are under way.
        """
        if self._under_way[account_id] >= EACH:
            raise Refused("too-many-uploads")
        if self._under_way.total() >= self.workers * (1 + WAITING):
            raise Refused("busy")
        self._under_way[account_id] += 1
        try:
            async with self._working:
                yield
        finally:
            self._under_way[account_id] -= 1
            self._under_way += Counter()  # forgets accounts that have nothing under way


@dataclass(frozen=True)
class Previewing:
    """Shows submissions before they are made."""

    convert: ConvertSubmitted
    room: Room
    now: Callable[[], datetime] = utc_now

    async def preview(self, caller: Caller, account: FaxAccount, form: FaxForm, upload: Upload) -> sending.Sent:
        """The pages that would be dialled; only the time in their header line will be another.

        Raises:
            Refused: It could not be sent, with the reason by which it would be refused; or there is no room now.
        """
        submission = submission_of(caller, account, "preview", form, upload)
        check(submission)
        async with self.room.taken(account.account_id):
            try:
                made = await self._made(submission)
            except BrokenProcessPool as error:
                log.warning("no worker can be started")
                raise Refused("unavailable") from error
        if isinstance(made, sending.Refused):
            raise _refused(made)
        log.info("previewed", extra={"sender": caller.name, "pages": made.pages})
        return made

    async def _made(self, submission: Submission) -> sending.Sent | sending.Refused:
        files = tuple(_attachment(number, file) for number, file in enumerate(submission.files, 1))
        event = announcement(submission, submission.fax_id, self.now(), files, None)
        given = tuple(sending.SentFile(file.kind, file.data) for file in submission.files)
        return await self.convert(given, pages_of(event, submission.cover_text))


def _attachment(number: int, file: File) -> Attachment:
    """As it would be announced; there is no such object, and nobody asks for it."""
    stored = StoredObject(key=f"preview/{number:02}", size=len(file.data), media_type=file.kind)
    return Attachment(filename=file.name, document=stored)


def _refused(made: sending.Refused) -> Refused:
    errors: tuple[Wrong, ...] = ()
    if made.file != sending.ALL:
        where = "form.cover_text" if made.file == sending.COVER else f"form.file.{made.file + 1}"
        errors = (Wrong(where, FILES[made.reason]),)
    return Refused("file-refused", FILES[made.reason], failure=made.reason, errors=errors)
