"""A body of multipart/form-data: read in bounds, and whole or refused (RFC 7578)."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

_AS_THEY_ARE: Final = frozenset({b"7bit", b"8bit", b"binary"})


class WholeParser(MultiPartParser):
    """Starlette's, which minds neither a body without an end nor a part whose bytes are encoded (RFC 7578, 4.7).

    `ended` says whether it had an end, `encoded` whether a part is in base64 or the like: faxed as it is, it would be
    pages of gibberish.
    """

    ended = False
    encoded = False

    def on_headers_finished(self) -> None:
        """See `MultiPartParser`."""
        super().on_headers_finished()
        told = dict(self._current_part.item_headers).get(b"content-transfer-encoding", b"binary")
        self.encoded = self.encoded or told.strip().lower() not in _AS_THEY_ARE

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
async def parsed(parser: WholeParser, refused: Callable[[str], Exception]) -> AsyncIterator[FormData]:
    """The form, whose files are closed after use; raises what `refused` makes of why it can't be taken."""
    form = await parser.parse()
    try:
        if not parser.ended:
            raise refused("It ends before its last boundary.")
        if parser.encoded:
            raise refused("A part has a Content-Transfer-Encoding: send its bytes as they are.")
        yield form
    finally:
        await form.close()
