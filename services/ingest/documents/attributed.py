"""A submitted fax converted in the pool: a crash, too, is laid to the file that caused it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from services.ingest.documents.office import SECONDS, OfficeKind, office_kind, pdf_of
from services.ingest.documents.refusals import Refusal, RefusedFile
from services.ingest.documents.sending import ALL, Pages, Refused, Sent, SentFile, convert_submitted
from services.ingest.documents.unreadable import UnreadableDocument


class Run(Protocol):
    """Runs a function in a guarded process, as `DocumentPool.run` does."""

    def __call__(  # noqa: D102
        self,
        job: Callable[[Sequence[SentFile], Pages, Path | None], Sent | Refused],
        files: Sequence[SentFile],
        pages: Pages,
        progress: Path | None,
        /,
    ) -> Awaitable[Sent | Refused]: ...


Office = Callable[[bytes, OfficeKind, float], Awaitable[bytes]]
"""Makes a PDF of an office document in so many seconds, as `office.pdf_of` does."""


async def convert_attributed(
    run: Run, files: Sequence[SentFile], pages: Pages, office: Office = pdf_of
) -> Sent | Refused:
    """Convert a submitted fax.

    Args:
        run: runs it under guard.
        files: in the order attached, at least one.
        pages: what the pages show.
        office: converts office documents, for all of which together it has office.SECONDS.

    Returns:
        The fax, or why it can't be made and by which file. A worker that is killed can't tell any more at which file it
        was, so it keeps a note beside.

    Raises:
        BrokenProcessPool: no worker can be started; this says nothing of the files.
    """
    ready: list[SentFile] = []
    until = asyncio.get_running_loop().time() + SECONDS
    for number, file in enumerate(files):
        try:
            kind = office_kind(file.data)
            left = max(0.0, until - asyncio.get_running_loop().time())
            ready.append(SentFile("application/pdf", await office(file.data, kind, left)) if kind else file)
        except RefusedFile as refused:
            return Refused(refused.reason, number)
    return await _converted(run, ready, pages)


async def _converted(run: Run, files: Sequence[SentFile], pages: Pages) -> Sent | Refused:
    with TemporaryDirectory(prefix="nativefax-") as folder:
        progress = Path(folder) / "file"
        try:
            return await run(convert_submitted, files, pages, progress)
        except UnreadableDocument as unreadable:
            crashed: Refusal = (
                "conversion-timeout" if unreadable.reason == "conversion-timeout" else "conversion-crashed"
            )
            return Refused(crashed, _noted(progress))


def _noted(progress: Path) -> int:
    try:
        return int(progress.read_text())
    except (OSError, ValueError):
        return ALL
