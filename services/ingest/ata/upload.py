"""The document of a submission: read in bounds, and whole or refused."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request

from services.ingest.ata.problems import Refused
from services.ingest.documents.limits import MAX_BYTES
from services.ingest.submission import File

PDF_WITHIN: Final = 1024
"""Bytes in which ``%PDF-`` must come (PDF 32000-1, annex H, implementation note 13)."""

TIFF_BEGINS: Final = (b"II*\0", b"MM\0*")
"""TIFF 6.0, section 2."""


@dataclass
class Room:
    """For so many bytes at once in this process; a document that doesn't say its size may have as many as any."""

    total: int
    _taken: int = 0

    @contextmanager
    def of(self, request: Request) -> Iterator[None]:
        """Room for a request's document while the block runs.

        Raises:
            Refused: The document is too large, or there is no room at the moment.
        """
        size = _announced(request)
        if self._taken + size > self.total:
            raise Refused("busy")
        self._taken += size
        try:
            yield
        finally:
            self._taken -= size


async def read_document(request: Request, seconds: float) -> File:
    """The document that a request carries, all of it within `seconds`.

    Raises:
        Refused: It is empty, too large, too slow, cut off, or neither TIFF nor PDF.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise Refused("document-too-large")
    except TimeoutError as error:
        raise Refused("upload-too-slow") from error
    except ClientDisconnect as error:
        raise Refused("incomplete-document") from error
    return _named(bytes(data))


def _named(data: bytes) -> File:
    if not data:
        raise Refused("empty-document")
    if data.startswith(TIFF_BEGINS):
        return File("fax.tif", "image/tiff", data)
    if b"%PDF-" in data[:PDF_WITHIN]:
        return File("fax.pdf", "application/pdf", data)
    raise Refused("unsupported-document")


def _announced(request: Request) -> int:
    told = request.headers.get("content-length", "")
    size = int(told) if told.isascii() and told.isdigit() else MAX_BYTES
    if size > MAX_BYTES:
        raise Refused("document-too-large")
    return size
