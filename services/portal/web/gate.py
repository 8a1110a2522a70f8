"""The gate before every page: who asks, whether the rule lets them, whether the form is really theirs."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services._runtime.translating import speak
from services.portal.inventory.actors import Actor, NotAllowed
from services.portal.web.choosing import language_of
from services.portal.web.forms import FORM_BYTES, NotTheirForm, announced, must_be_ours, must_be_text, read_form
from services.portal.web.services import Services
from services.portal.web.signing_in.people import Person, Role
from services.portal.web.signing_in.sessions import ID_BYTES, Session, form_token
from services.portal.web.unsent import SIGN_IN_BYTES, TYPED_BYTES, Unsent, page_before, unsent_of

Rule = frozenset[Role] | None
"""Who may ask for a page: these roles, or (None) anybody, signed in or not."""

ANYBODY: Final[Rule] = None
FOR_THE_NEW: Final = frozenset({"/password", "/language"})
"""What somebody may ask for whose password was made by somebody else."""

LARGE: Final = 1_000_000
"""Bytes. Of larger forms few are under way at a time: see `Services.large_forms`."""

BY_ITSELF: Final = "x-by-itself"
"""The header with which our script asks for what it shows anew. Whoever sends it gains nothing: their session ends."""


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
    unsent: Unsent | None = None

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
    """An endpoint that lets in whom `rule` names, with forms of at most `most` bytes.

    `sign_in` answers a form of somebody whose session has ended meanwhile.
    """

    services: Services
    rule: Rule
    answer: Answer
    sign_in: Answer
    most: int = FORM_BYTES

    async def __call__(self, request: Request) -> Response:
        """Answer, or refuse."""
        must_be_text((request.url.path, request.query_params.multi_items()))
        cookies = self.services.cookies
        session = await self.services.sessions.find(request.cookies.get(cookies.session), used=_by_hand(request))
        if language := await language_of(self.services, request, session):
            speak(language)
        if session is not None and session.person.must_change and self.rule and request.url.path not in FOR_THE_NEW:
            return RedirectResponse("/password" + _and_back(request), 303)
        planted = request.cookies.get(cookies.form)
        cookie = planted or secrets.token_urlsafe(ID_BYTES)
        token = session.form_token if session else form_token(cookie)
        visit = Visit(request, self.services, session, FormData(), token, None if session or planted else cookie)
        request.state.visit = visit  # so that a refusal wears the same face as the page
        if self.rule is not None and session is None:
            visit.unsent = await _typed_before(request, request.cookies.get(cookies.session))
            if visit.unsent is None:
                return RedirectResponse("/sign-in" + _and_back(request), 303)
            return self._with_cookie(await self.sign_in(visit), visit)
        if self.rule is not None and session is not None and session.person.role not in self.rule:
            raise NotAllowed(request.url.path)
        if request.method in {"GET", "HEAD"}:
            return self._with_cookie(await self.answer(visit), visit)
        must_be_ours(request)
        async with self._turn(session, announced(request, self.most if session else SIGN_IN_BYTES)):
            visit.form = await read_form(request, token, self.most)
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


async def _typed_before(request: Request, cookie: str | None) -> Unsent | None:
    """What a form of ours says that was sent when its session, whose cookie is still there, had ended."""
    size = request.headers.get("content-length", "")
    if request.method != "POST" or not cookie or not size.isdecimal() or int(size) > TYPED_BYTES:
        return None
    try:
        must_be_ours(request)
        return unsent_of(request, await read_form(request, form_token(cookie), TYPED_BYTES))
    except NotTheirForm:
        return None


def _by_hand(request: Request) -> bool:
    """Whether a person asks, and not the script of a page that somebody left open."""
    return BY_ITSELF not in request.headers and request.headers.get("accept") != "text/event-stream"


def _and_back(request: Request) -> str:
    """The query that leads back to this page, or to the one that a form was on."""
    back = request.url.path if request.method == "GET" else page_before(request)
    return f"?next={quote(back)}" if back not in {"", "/"} else ""
