"""What somebody typed into a form whose session had ended meanwhile: kept in the page until they are signed in again.

It is in nobody's session, database or log: the answer to the form carries it, and so does the form to sign in with.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from services.portal.web.signing_in.addresses import ours

TYPED_BYTES: Final = 20_000
"""Of a form that is kept. A larger one is a file, or hundreds of numbers that are somewhere else, too."""

SIGN_IN_BYTES: Final = 64_000
"""Of a form from somebody who isn't signed in: what is kept, twice as long as JSON at worst, and what a form adds."""

_SECRET: Final = frozenset({"old", "password", "again"})
"""Fields of which no page shows what was typed."""

_NOTHING_TYPED: Final = frozenset({"/sign-out", "/language"})


class Unsent(BaseModel):
    """A form as it was sent: where to, its fields in order, and whether files were with it, which aren't kept."""

    model_config = ConfigDict(frozen=True)

    address: str
    fields: tuple[tuple[str, str], ...]
    files: bool = False

    @property
    def text(self) -> str:
        """As a field of the form to sign in with."""
        return self.model_dump_json()


def unsent_of(request: Request, form: FormData) -> Unsent | None:
    """What to keep of a form; None if nothing is to be kept."""
    fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
    typed = tuple((name, value) for name, value in fields if name != "form_token")
    too_long = sum(len(name) + len(value.encode()) for name, value in typed) > TYPED_BYTES
    if too_long or _SECRET & dict(typed).keys() or request.url.path in _NOTHING_TYPED:
        return None
    return Unsent(address=quote(request.url.path), fields=typed, files=len(form.multi_items()) > len(fields))


def read_unsent(text: str) -> Unsent | None:
    """What came back with the form to sign in with; None if it is nothing that we wrote."""
    try:
        found = Unsent.model_validate_json(text)
    except ValidationError:
        return None
    return found if ours(found.address) else None


def page_before(request: Request) -> str:
    """The page of ours that a form was on; empty if the browser doesn't tell."""
    before = urlsplit(request.headers.get("referer", ""))
    return ours(before.path) if before.netloc == request.headers.get("host") else ""
