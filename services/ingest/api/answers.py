"""What the API answers to what is raised."""

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from services._runtime.problems import Handler, fault_handlers, refuse
from services.ingest.api.form import wrongs
from services.ingest.api.problems import Code, Refused

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {**fault_handlers(Refused), RequestValidationError: _invalid, HTTPException: _http}


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    return await refuse(request, Refused("invalid-request", errors=wrongs(error.errors())))


async def _http(request: Request, error: HTTPException) -> Response:
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return await refuse(request, Refused(_STATUSES.get(error.status_code, "malformed-body"), headers=headers))


def _allowed(request: Request) -> str:
    """The methods of all routes of an address; Starlette names those of the first."""
    routes = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in routes for method in getattr(one, "methods", None) or ()}))
