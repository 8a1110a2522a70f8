"""The body of a submission: read in bounds, spooled to disk, and whole or refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from services._runtime.problems import Wrong
from services.ingest.api.problems import Refused
from services.ingest.documents.limits import MAX_BYTES
from services.ingest.multipart import WholeParser, bounded, parsed
from services.ingest.submission import FILENAME, File, one_line

FILES: Final = 30
"""Of one fax, at most; what `FaxSubmitted` takes."""

FIELDS: Final = 20
FIELD_BYTES: Final = 64 * 1024
BODY_BYTES: Final = MAX_BYTES + 1_000_000
"""The files, and what multipart and the fields add to them."""

NAME_BYTES: Final = 90
"""Of a file's name in UTF-8: thirty of them must fit into an event of 16 KiB."""

SUFFIXES: Final = {
    "application/pdf": ".pdf",
    "image/tiff": ".tif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "text/plain": ".txt",
    "application/octet-stream": "",
}
"""The kinds of files that can be faxed, and how their names end."""

MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True)
class Upload:
    """What a body held: its fields, and its files in order."""

    fields: dict[str, str]
    files: tuple[File, ...]


@dataclass
class Budget:
    """How much may be under way at once in this process: bytes in all, submissions of one account."""

    total: int
    each: int
    _held: int = 0
    _mine: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def hold(self, request: Request, account_id: str | None) -> Iterator[None]:
        """Keep room for a request's body while the block runs; a service's submissions are not counted one by one.

        Raises:
            Refused: The body is too large, or there is no room at the moment.
        """
        size = announced(request)
        if self._held + size > self.total:
            raise Refused("busy")
        if account_id is not None and self._mine[account_id] >= self.each:
            raise Refused("too-many-uploads")
        self._add(size, account_id, 1)
        try:
            yield
        finally:
            self._add(-size, account_id, -1)

    def _add(self, size: int, account_id: str | None, one: int) -> None:
        self._held += size
        if account_id is not None:
            self._mine[account_id] += one
            self._mine += Counter()  # forgets accounts that have nothing under way


def announced(request: Request) -> int:
    """How many bytes a body has; one that doesn't say may have as many as any.

    Raises:
        Refused: More than a fax may have.
    """
    told = request.headers.get("content-length", "")
    size = int(told) if told.isascii() and told.isdigit() else BODY_BYTES
    if size > BODY_BYTES:
        raise Refused("body-too-large")
    return size


async def read_upload(request: Request, seconds: float) -> Upload:
    """All of a body, within `seconds`.

    Raises:
        Refused: It is too large, too slow, cut off, or not what is taken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported-media-type", "Send it without a Content-Encoding.")
    if kind != MULTIPART and kind not in SUFFIXES:
        raise Refused("unsupported-media-type")
    try:
        async with asyncio.timeout(seconds):
            return await (_form(request) if kind == MULTIPART else _one_file(request, kind))
    except TimeoutError as error:
        raise Refused("upload-too-slow") from error
    except (MultiPartException, ClientDisconnect, ValueError) as error:
        raise Refused("malformed-body") from error


async def _one_file(request: Request, kind: str) -> Upload:
    data = bytearray()
    async for chunk in bounded(request, MAX_BYTES, Refused("body-too-large")):
        data += chunk
    return Upload({}, (File(f"document{SUFFIXES[kind]}", kind, bytes(data)),) if data else ())


async def _form(request: Request) -> Upload:
    parser = _BoundedParser(
        request.headers,
        bounded(request, BODY_BYTES, Refused("body-too-large")),
        max_files=FILES + 1,  # ours refuses sooner, and says how many are taken
        max_fields=FIELDS + 1,
        max_part_size=FIELD_BYTES,
    )
    async with parsed(parser, partial(Refused, "malformed-body")) as form:
        return Upload(_fields(form), tuple([file async for file in _files(form)]))


class _BoundedParser(WholeParser):
    """Starlette's counts without saying what."""

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        if self._current_files > FILES:
            raise Refused("invalid-request", errors=(Wrong("form.file", f"at most {FILES} files"),))
        if self._current_fields > FIELDS:
            raise Refused("invalid-request", errors=(Wrong("form", f"at most {FIELDS} fields"),))


def _fields(form: FormData) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in form.multi_items():
        wrong = ""
        if isinstance(value, UploadFile) != (name == "file"):
            wrong = "is a file: give it a filename" if name == "file" else "is no file: give it without a filename"
        elif name in fields:
            wrong = "given more than once"
        if wrong:
            raise Refused("invalid-request", errors=(Wrong(f"form.{one_line(name)[:40]}", wrong),))
        if isinstance(value, str):
            fields[name] = value
    return fields


async def _files(form: FormData) -> AsyncIterator[File]:
    size = 0
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            size += value.size or 0
            if size > MAX_BYTES:
                raise Refused("body-too-large")
            kind = (value.content_type or "").partition(";")[0].strip().lower()
            known = kind if kind in SUFFIXES else "application/octet-stream"
            yield File(short_name(value.filename or ""), known, await value.read())


def short_name(name: str) -> str:
    """The last part of a file's path, its end if it is long."""
    last = one_line(name.replace("\\", "/").rpartition("/")[2])[-FILENAME:]
    return last.encode()[-NAME_BYTES:].decode(errors="ignore")
