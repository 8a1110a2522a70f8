"""Pages in the language of whoever looks at them."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.languages import Languages
from services._runtime.translating import ENGLISH, speaking


def spoken(app: ASGIApp, languages: Languages) -> ASGIApp:
    """`app`, speaking the language of each browser; one that it `speak`s instead ends with the answer."""

    async def speak(scope: Scope, receive: Receive, send: Send) -> None:
        accept = Headers(scope=scope).get("accept-language", "") if scope["type"] == "http" else ""
        with speaking(languages.of_browser(accept) or ENGLISH):
            await app(scope, receive, send)

    return speak
