"""Every way a page can fail, in words: what happened, whether anything is lost, what to do."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services._runtime.outcomes import DependencyAway
from services._runtime.translating import N_, ngettext
from services.portal.faxes.reading import TooManyDocuments
from services.portal.inventory.actors import NotAllowed, NotThere
from services.portal.inventory.jobs import TooManyJobs
from services.portal.web.fax_pages.finding import NotConnected
from services.portal.web.forms import NotText, NotTheirForm, TooLarge
from services.portal.web.gate import Visit
from services.portal.web.rendering import Face, render
from services.portal.web.send_pages.drafting import CannotSend
from services.portal.web.showing import show, show_unsent

log = logging.getLogger("nativefax.portal")
RETRY_AFTER: Final = 15
"""Seconds after which to come again when the database is away."""


def handlers() -> dict[Any, Callable[[Request, Any], Awaitable[Response]]]:
    """What to answer to each failure."""
    return {
        NotAllowed: _not_allowed,
        NotThere: _not_there,
        NotText: _not_text,
        NotTheirForm: _not_their_form,
        NotConnected: _not_connected,
        CannotSend: _cannot_send,
        TooLarge: _too_large,
        TooManyJobs: _too_many_jobs,
        TooManyDocuments: _too_many_documents,
        DependencyAway: _away,
        HTTPException: _http,
        Exception: _broken,
    }


async def _not_allowed(request: Request, __: NotAllowed) -> Response:
    return await _shown(
        request, 403, N_("This page isn't yours"), N_("Your sign-in doesn't include it. Nothing was changed.")
    )


async def _not_there(request: Request, __: NotThere) -> Response:
    return await _shown(
        request, 404, N_("There is nothing here"), N_("It was removed, or the address is not quite right.")
    )


async def _not_connected(request: Request, __: NotConnected) -> Response:
    lines = (N_("This portal isn't connected to the faxes yet. They arrive and are sent as ever; none is lost."),)
    return await _shown(request, 503, N_("Faxes can't be shown here yet"), *lines, N_("Ask whoever runs this portal."))


async def _cannot_send(request: Request, __: CannotSend) -> Response:
    lines = (
        N_("This portal isn't connected to what sends faxes yet. Faxes can be sent by mail, where that is enabled."),
    )
    return await _shown(
        request, 503, N_("Faxes can't be sent from here yet"), *lines, N_("Ask whoever runs this portal.")
    )


async def _not_their_form(request: Request, error: NotTheirForm) -> Response:
    visit = getattr(request.state, "visit", None)
    if isinstance(visit, Visit) and visit.session and error.unsent:
        return await show_unsent(visit, error.unsent, 403)
    return _notice(
        403,
        N_("This form is out of date"),
        N_("You signed in or out meanwhile, or it came from another page. Nothing was changed."),
        N_("Go back, load the page again, and send the form once more."),
    )


async def _not_text(_: Request, __: NotText) -> Response:
    return _notice(
        400,
        N_("This can't be read"),
        N_("A part of it is no text: a NUL, or half a character. Nothing was changed."),
        N_("If you pasted something, type it instead."),
    )


async def _too_large(_: Request, __: TooLarge) -> Response:
    return _notice(
        413, N_("This is too large"), N_("Nothing was changed. Send fewer rows, or smaller files, at a time.")
    )


async def _too_many_jobs(request: Request, __: TooManyJobs) -> Response:
    lines = (N_("Nothing was changed. They are done one after the other: come back in a few minutes."),)
    return await _shown(request, 429, N_("Many jobs are waiting already"), *lines)


async def _too_many_documents(request: Request, error: TooManyDocuments) -> Response:
    log.warning("reading held back", extra={"seconds": error.seconds})
    minutes = ceil(error.seconds / 60)
    answer = await _shown(
        request,
        429,
        N_("You have opened many faxes in a short time"),
        ngettext(
            "To protect them, no more are shown for %(num)d minute.",
            "To protect them, no more are shown for %(num)d minutes.",
            minutes,
        )
        % {"num": minutes},
        N_("Those you opened within the hour can be read all the time. None is lost, and sending goes on."),
        N_("If you need more at a time, ask whoever runs this portal."),
    )
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


async def _away(_: Request, error: DependencyAway) -> Response:
    log.warning("dependency away", extra={"dependency": error.dependency})
    answer = _notice(
        503,
        N_("One moment, please"),
        N_("The portal can't reach its data at this moment. Faxes go on as before; none is lost."),
        N_("If you were saving something, look whether it is there before you send it again."),
    )
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:  # noqa: PLR2004 - as HTTP names it
        return await _not_there(request, NotThere("page"))
    return _notice(error.status_code, N_("That did not work"), N_("Go back and try once more. Nothing was changed."))


async def _broken(_: Request, __: Exception) -> Response:
    return _notice(
        500,
        N_("That did not work"),
        N_("Something went wrong on our side. Faxes go on as before; none is lost."),
        N_("Look whether your change is there before you send it again."),
    )


async def _shown(request: Request, status: int, title: str, *lines: str) -> Response:
    """With the face and the navigation of whoever asks, if that is known."""
    visit = getattr(request.state, "visit", None)
    if not isinstance(visit, Visit):
        return _notice(status, title, *lines)
    try:
        return await show(visit, "notice.html", status, title=title, lines=lines)
    except DependencyAway:
        return _notice(status, title, *lines)


def _notice(status: int, title: str, *lines: str) -> Response:
    """Without the face of anybody: whatever failed, this must not."""
    return render(
        "notice.html",
        Face(),
        secrets.token_urlsafe(16),
        status,
        title=title,
        lines=lines,
        person=None,
        nav=(),
        here="",
        form_token="",
        choice=None,
        message=None,
    )
