"""The gate before every page: who asks, whether the rule lets them, whether the form is really theirs."""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services._runtime.texts import all_storable
from services._runtime.translating import speak
from services.portal.inventory.actors import Actor, NotAllowed
from services.portal.web.choosing import language_of
from services.portal.web.services import Services
from services.portal.web.signing_in.people import Person, Role
from services.portal.web.signing_in.sessions import ID_BYTES, Session, form_token

log = logging.getLogger("nativefax.portal")

Rule = frozenset[Role] | None
"""Who may ask for a page: these roles, or (None) anybody, signed in or not."""

ANYBODY: Final[Rule] = None
FOR_THE_NEW: Final = frozenset({"/password", "/language"})
"""What somebody may ask for whose password was made by somebody else."""

FIELDS: Final = 300
"""Of a form; more is no form of ours."""

FILE_FIELDS: Final = 60
"""Files of one form, at most; a page that takes fewer says so in words."""

STRANGERS_BYTES: Final = 20_000
"""Of a form from somebody who isn't signed in."""

FORM_BYTES: Final = 11_000_000
"""Of any other form: an import's file of 10 MB, and what the form adds."""

LARGE: Final = 1_000_000
"""Bytes. Of larger forms few are under way at a time: see `Services.large_forms`."""

FORM_SECONDS: Final = 300.0
"""For a form to come in: 50 MB at 1.4 Mbit/s. Whoever is slower holds up others."""


BY_ITSELF: Final = "x-by-itself"
"""The header with which our script asks for what it shows anew. Whoever sends it gains nothing: their session ends."""


class TooLarge(Exception):  # noqa: N818 - it says what it is
    """A form that is larger than any of ours, or doesn't say how large it is. 413."""


class NotText(Exception):  # noqa: N818 - it says what it is
    """An address or a form with what no text has: a NUL, or half a character. 400."""


class NotTheirForm(Exception):  # noqa: N818 - it says what it is
    """A form that did not come from a page of ours in this browser. 403."""


@dataclass
class Visit:
    """One request that was let in."""

    request: Request
    services: Services
    session: Session | None
    form: FormData
    form_token: str
    new_cookie: str | None = None
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def person(self) -> Person:
        """Who is signed in."""
        if self.session is None:
            raise NotAllowed("nobody is signed in")
        return self.session.person

    @property
    def actor(self) -> Actor:
        """Who is signed in, as the inventory knows them."""
        return self.person.actor()

    def typed(self, name: str) -> str:
        """A field of the form as typed, without blanks around; empty if it isn't there or is a file."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def chosen(self, name: str) -> tuple[str, ...]:
        """All values of a field with check boxes."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))


Answer = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True)
class Gate:
    """An endpoint that lets in whom `rule` names, with forms of at most `most` bytes."""

    services: Services
    rule: Rule
    answer: Answer
    most: int = FORM_BYTES

    async def __call__(self, request: Request) -> Response:
        """Answer, or refuse."""
        _must_be_text((request.url.path, request.query_params.multi_items()))
        cookies = self.services.cookies
        session = await self.services.sessions.find(request.cookies.get(cookies.session), used=_by_hand(request))
        if self.rule is not None and session is None:
            return RedirectResponse("/sign-in" + _and_back(request), 303)
        if language := await language_of(self.services, request, session):
            speak(language)
        if session is not None and session.person.must_change and self.rule and request.url.path not in FOR_THE_NEW:
            return RedirectResponse("/password" + _and_back(request), 303)
        planted = request.cookies.get(cookies.form)
        cookie = planted or secrets.token_urlsafe(ID_BYTES)
        token = session.form_token if session else form_token(cookie)
        visit = Visit(request, self.services, session, FormData(), token, None if session or planted else cookie)
        request.state.visit = visit  # so that a refusal wears the same face as the page
        if self.rule is not None and session is not None and session.person.role not in self.rule:
            raise NotAllowed(request.url.path)
        if request.method in {"GET", "HEAD"}:
            return self._with_cookie(await self.answer(visit), visit)
        _must_be_ours(request)
        async with self._turn(session, _announced(request, self.most if session else STRANGERS_BYTES)):
            visit.form = await _form(request, token, self.most)
            return self._with_cookie(await self.answer(visit), visit)

    def _turn(self, session: Session | None, size: int) -> AbstractAsyncContextManager[None]:
        """A large form waits until there is room for it, unread."""
        if session is None or size <= LARGE:
            return nullcontext()
        return self.services.large_forms.taken(session.person.user_id)

    def _with_cookie(self, response: Response, visit: Visit) -> Response:
        if visit.new_cookie:
            self.services.cookies.set(response, self.services.cookies.form, visit.new_cookie)
        return response


def _must_be_text(given: object) -> None:
    if not all_storable(given):
        raise NotText


def _announced(request: Request, most: int) -> int:
    size = request.headers.get("content-length", "")
    if not size.isdecimal() or int(size) > most:
        raise TooLarge(size)
    return int(size)


async def _form(request: Request, token: str, most: int) -> FormData:
    try:
        async with asyncio.timeout(FORM_SECONDS):
            form = await request.form(max_files=FILE_FIELDS, max_fields=FIELDS, max_part_size=most)
    except TimeoutError as error:
        raise HTTPException(408) from error
    except UnicodeError as error:  # it names an encoding, and isn't in it
        raise NotText from error
    _must_be_text(
        [(name, value.filename or "" if isinstance(value, UploadFile) else value) for name, value in form.multi_items()]
    )
    sent = form.get("form_token", "")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), token.encode()):
        raise NotTheirForm("form token")
    return form


def _must_be_ours(request: Request) -> None:
    """Browsers name the page that a form comes from; a proxy may change the scheme, never the host."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"} or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    ):
        log.warning("form refused", extra={"reason": "origin"})
        raise NotTheirForm("origin")


def _by_hand(request: Request) -> bool:
    """Whether a person asks, and not the script of a page that somebody left open."""
    return BY_ITSELF not in request.headers and request.headers.get("accept") != "text/event-stream"


def _and_back(request: Request) -> str:
    """The query that leads back to this page afterwards, if it is one."""
    return f"?next={request.url.path}" if request.method == "GET" and request.url.path != "/" else ""
