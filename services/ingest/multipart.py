"""A body of multipart/form-data: read in bounds, and whole or refused (RFC 7578)."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartParser
from starlette.requests import Request


class WholeParser(MultiPartParser):
    """Starlette's, which doesn't mind a body without an end; `ended` says whether it had one."""

    ended = False

    def on_end(self) -> None:
        """See `MultiPartParser`."""
        self.ended = True


async def bounded(request: Request, limit: int, too_large: Exception) -> AsyncGenerator[bytes, None]:
    """The bytes of a request; raises `too_large` once they are more than `limit`."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        yield chunk


@asynccontextmanager
async def parsed(parser: WholeParser, cut_off: Exception) -> AsyncIterator[FormData]:
    """The form, whose files are closed after use; raises `cut_off` if it ends before its last boundary."""
    form = await parser.parse()
    try:
        if not parser.ended:
            raise cut_off
        yield form
    finally:
        await form.close()
