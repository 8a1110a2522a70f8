"""Pages in the language of whoever looks at them."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.languages import Languages
from services._runtime.translating import ENGLISH, speaking


@dataclass(frozen=True)
class Spoken:
    """`app`, speaking the language of each browser; one that it `speak`s instead ends with the answer."""

    app: ASGIApp
    languages: Languages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        accept = Headers(scope=scope).get("accept-language", "") if scope["type"] == "http" else ""
        with speaking(self.languages.of_browser(accept) or ENGLISH):
            await self.app(scope, receive, send)
