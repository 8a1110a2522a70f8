"""The body of a request: read in bounds, spooled to disk, and whole or refused."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from services._runtime.problems import Wrong
from services.ingest.documents.limits import MAX_BYTES
from services.ingest.multipart import WholeParser, bounded, parsed
from services.ingest.telephony.problems import Refused

JSON_BYTES: Final = 256 * 1024
FIELD_BYTES: Final = 256 * 1024
"""The channel variables of a call may be many."""
BODY_BYTES: Final = MAX_BYTES + 1_000_000
"""The file, and what multipart and the fields add to it."""
FIELDS: Final = frozenset({"event", "variables"})

JSON, MULTIPART = "application/json", "multipart/form-data"


@dataclass(frozen=True)
class Form:
    """What a multipart body held."""

    fields: dict[str, bytes]
    file: bytes


def media_type(request: Request) -> str:
    """What kind of body a request has.

    Raises:
        Refused: One that isn't taken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, MULTIPART} or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported-media-type")
    return kind


async def read_body(request: Request, seconds: float) -> bytes:
    """The JSON of a request.

    Raises:
        Refused: It is too large, too slow or cut off.
    """
    try:
        async with asyncio.timeout(seconds):
            return b"".join([chunk async for chunk in bounded(request, JSON_BYTES, Refused("body-too-large"))])
    except TimeoutError as error:
        raise Refused("upload-too-slow") from error
    except ClientDisconnect as error:
        raise Refused("malformed-body") from error


async def read_form(request: Request, seconds: float) -> Form:
    """The fields and the file of a request.

    Raises:
        Refused: It is too large, too slow, cut off, or has other parts than it should.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _form(request)
    except TimeoutError as error:
        raise Refused("upload-too-slow") from error
    except (MultiPartException, ClientDisconnect, ValueError) as error:
        raise Refused("malformed-body") from error


async def _form(request: Request) -> Form:
    stream = bounded(request, BODY_BYTES, Refused("body-too-large"))
    parser = WholeParser(request.headers, stream, max_files=2, max_fields=4, max_part_size=FIELD_BYTES)
    async with parsed(parser, partial(Refused, "malformed-body")) as form:
        return Form(_fields(form), await _file(form))


def _fields(form: FormData) -> dict[str, bytes]:
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    texts = sum(isinstance(value, str) for _, value in form.multi_items())
    if "event" not in fields or not fields.keys() <= FIELDS or texts != len(fields):
        raise _wrong("form.event", "one field event is needed, and one field variables may be there, both JSON")
    return {name: value.encode() for name, value in fields.items()}


async def _file(form: FormData) -> bytes:
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    if [name for name, _ in files] != ["file"]:
        raise _wrong("form.file", "one file is needed, with a filename")
    if (files[0][1].size or 0) > MAX_BYTES:
        raise Refused("body-too-large")
    return await files[0][1].read()


def _wrong(where: str, what: str) -> Refused:
    return Refused("invalid-request", errors=(Wrong(where, what),))
