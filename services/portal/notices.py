"""Every way a link can fail, in words: what happened, that nothing is lost, what to do."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services._runtime.display import day
from services._runtime.links import Link, LinkExpired, LinkRefused, fax_page
from services._runtime.outcomes import DependencyAway
from services._runtime.translating import N_, gettext
from services.portal.link_uses import AsksToSignIn
from services.portal.rendering import PRIVATE, notice_page

log = logging.getLogger("nativefax.portal")
RETRY_AFTER = 30
"""Seconds after which to come again when the store is away."""

Handler = Callable[[Request, Any], Awaitable[Response]]


class Gone(Exception):  # noqa: N818 - it says what happened
    """The link is good, and its fax is no longer kept."""

    def __init__(self, link: Link) -> None:
        super().__init__("the fax is no longer kept")
        self.link = link


def handlers() -> dict[Any, Handler]:
    """What to answer to each failure."""
    return {
        LinkExpired: _expired,
        LinkRefused: _refused,
        Gone: _gone,
        AsksToSignIn: _asks_to_sign_in,
        DependencyAway: _away,
        HTTPException: _no_such_page,
        Exception: _broken,
    }


async def _expired(_: Request, error: LinkExpired) -> Response:
    link = error.link
    log.info("link expired", extra={"fax_id": str(link.fax_id)})
    lines = (
        gettext("It worked until {day}.").format(day=day(link.expires_at, link.shown.time_zone)),
        N_(
            "The fax itself is not lost: look for it in your portal, "
            "or ask whoever looks after your faxes for a new link."
        ),
    )
    return _notice(410, N_("This link has expired"), lines, link)


async def _refused(_: Request, __: LinkRefused) -> Response:
    log.info("link refused")
    lines = (N_("Perhaps a part of it was lost when it was copied."), N_("Please open it from the mail once more."))
    return _notice(404, N_("This link does not work"), lines)


async def _gone(_: Request, error: Gone) -> Response:
    log.info("fax gone", extra={"fax_id": str(error.link.fax_id)})
    lines = (N_("It was deleted, or its time of keeping is over."),)
    return _notice(410, N_("This fax is no longer kept"), lines, error.link)


async def _asks_to_sign_in(_: Request, error: AsksToSignIn) -> Response:
    log.info("link refused", extra={"fax_id": str(error.link.fax_id), "reason": "sign-in"})
    return RedirectResponse(fax_page(error.link.fax_id), 303, PRIVATE)


async def _away(_: Request, error: DependencyAway) -> Response:
    log.warning("store away", extra={"dependency": error.dependency})
    lines = (N_("The faxes can't be reached at this moment. Nothing is lost."), N_("Please try again in a minute."))
    answer = _notice(503, N_("One moment, please"), lines)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


async def _no_such_page(_: Request, error: HTTPException) -> Response:
    return _notice(
        error.status_code, N_("There is nothing here"), (N_("Please open the link from the mail once more."),)
    )


async def _broken(_: Request, __: Exception) -> Response:
    lines = (N_("Something went wrong on our side. Nothing is lost."), N_("Please try again in a minute."))
    return _notice(500, N_("That did not work"), lines)


def _notice(status: int, title: str, lines: tuple[str, ...], link: Link | None = None) -> Response:
    html, headers = notice_page(title, lines, link.shown if link else None)
    return HTMLResponse(html, status, headers)
