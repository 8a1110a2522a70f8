"""What the API answers to what is raised."""

from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.problems import Handler, Wrong, fault_handlers, problem_response, refuse
from services._runtime.texts import all_storable
from services.portal.api.problems import Code, Refused
from services.portal.inventory.actors import NotAllowed, NotThere

MOST_BYTES = 1_000_000
"""Of a body: ten thousand numbers are less."""

MOST_ERRORS = 20

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {
        **fault_handlers(Refused),
        NotAllowed: _not_allowed,
        NotThere: _not_there,
        RequestValidationError: _invalid,
        HTTPException: _http,
    }


async def _not_allowed(request: Request, _: NotAllowed) -> Response:
    return await refuse(request, Refused("not-allowed"))


async def _not_there(request: Request, _: NotThere) -> Response:
    return await refuse(request, Refused("not-there"))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """In Pydantic's words, without the values."""
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return await refuse(request, Refused("malformed-body"))
    wrong = tuple(Wrong(_where(one["loc"]), one["msg"]) for one in error.errors()[:MOST_ERRORS])
    return await refuse(request, Refused("invalid-request", errors=wrong))


def _where(loc: Sequence[object]) -> str:
    """As the request has it; a field's name may be any text, or none."""
    return ".".join(map(str, loc))[:100].encode("utf-8", "replace").decode()


async def _http(request: Request, error: HTTPException) -> Response:
    code = _STATUSES.get(error.status_code, "malformed-body")
    headers = {"Allow": _allowed(request)} if code == "method-not-allowed" else {}
    return await refuse(request, Refused(code, headers=headers))


def _allowed(request: Request) -> str:
    """The methods of all routes of an address; Starlette names those of the first."""
    routes = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in routes for method in getattr(one, "methods", None) or ()}))


class Bounded:
    """Lets in no address that isn't text, and no body that is larger than any of ours, or hides its size.

    Both are read before the token is looked at.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        size = headers.get(b"content-length", b"0")
        code: Code | None = None
        if b"transfer-encoding" in headers or not size.isdigit() or int(size) > MOST_BYTES:
            code = "body-too-large"
        elif not all_storable((scope.get("path", ""), QueryParams(scope.get("query_string", b"")).multi_items())):
            code = "malformed-address"
        answer = problem_response(Refused(code), scope["state"]["request_id"]) if code else self._app
        await answer(scope, receive, send)
