"""A form as it comes in: no larger than ours are, nothing but text, and from a page of ours in this browser."""

import asyncio
import hmac
import logging
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from services._runtime.texts import all_storable
from services.portal.web.unsent import Unsent, unsent_of

log = logging.getLogger("nativefax.portal")

FIELDS: Final = 300
"""Of a form; more is no form of ours."""

FILE_FIELDS: Final = 60
"""Files of one form, at most; a page that takes fewer says so in words."""

FORM_BYTES: Final = 11_000_000
"""Of any other form: an import's file of 10 MB, and what the form adds."""

FORM_SECONDS: Final = 300.0
"""For a form to come in: 50 MB at 1.4 Mbit/s. Whoever is slower holds up others."""


class TooLarge(Exception):  # noqa: N818 - it says what it is
    """A form that is larger than any of ours, or doesn't say how large it is. 413."""


class NotText(Exception):  # noqa: N818 - it says what it is
    """An address or a form with what no text has: a NUL, or half a character. 400."""


class NotTheirForm(Exception):  # noqa: N818 - it says what it is
    """A form that did not come from a page of ours in this browser. 403.

    With what is `unsent`, it came from a page of ours, but of a session before this one.
    """

    def __init__(self, reason: str, unsent: Unsent | None = None) -> None:
        super().__init__(reason)
        self.unsent = unsent


def must_be_text(given: object) -> None:
    """Raises `NotText` for what no text has."""
    if not all_storable(given):
        raise NotText


def announced(request: Request, most: int) -> int:
    """The size of a form in bytes; raises `TooLarge`."""
    size = request.headers.get("content-length", "")
    if not size.isdecimal() or int(size) > most:
        raise TooLarge(size)
    return int(size)


async def read_form(request: Request, token: str, most: int) -> FormData:
    """A form that carries this token.

    Raises:
        NotTheirForm: It carries another one, or none.
        NotText: It has what no text has.
        HTTPException: It took too long to come in (408).
    """
    try:
        async with asyncio.timeout(FORM_SECONDS):
            form = await request.form(max_files=FILE_FIELDS, max_fields=FIELDS, max_part_size=most)
    except TimeoutError as error:
        raise HTTPException(408) from error
    except UnicodeError as error:  # it names an encoding, and isn't in it
        raise NotText from error
    must_be_text(
        [(name, value.filename or "" if isinstance(value, UploadFile) else value) for name, value in form.multi_items()]
    )
    sent = form.get("form_token", "")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), token.encode()):
        raise NotTheirForm("form token", unsent_of(request, form) if _says_ours(request) else None)
    return form


def must_be_ours(request: Request) -> None:
    """Browsers name the page that a form comes from; a proxy may change the scheme, never the host."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"} or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    ):
        log.warning("form refused", extra={"reason": "origin"})
        raise NotTheirForm("origin")


def _says_ours(request: Request) -> bool:
    """Whether the browser itself says that a form is from a page of this host."""
    return "origin" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"
