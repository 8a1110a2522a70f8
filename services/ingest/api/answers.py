"""What the API answers to what is raised."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from services._runtime.problems import Handler, fault_handlers, refuse
from services.ingest.api.form import wrongs
from services.ingest.api.problems import Code, Refused

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""


def handlers(routes: Sequence[BaseRoute]) -> dict[int | type[Exception], Handler]:
    """What to answer to each exception of an application with these `routes`."""

    async def refused(request: Request, error: HTTPException) -> Response:
        wrong_method = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        headers = {"Allow": _allowed(request, routes)} if wrong_method else {}
        return await refuse(request, Refused(_STATUSES.get(error.status_code, "malformed-body"), headers=headers))

    return {**fault_handlers(Refused), RequestValidationError: _invalid, HTTPException: refused}


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    return await refuse(request, Refused("invalid-request", errors=wrongs(error.errors())))


def _allowed(request: Request, routes: Sequence[BaseRoute]) -> str:
    """The methods of all routes of an address; Starlette names those of the first.

    The application's own routes are those that FastAPI made; those of a router are one of them, without methods.
    """
    every = [*request.app.routes, *routes]
    found = [one for one in every if one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in found for method in getattr(one, "methods", None) or ()}))
