"""Refusals as application/problem+json (RFC 9457), whoever raises them, and never a stack trace."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.ingest.api.form import wrongs
from services.ingest.api.problems import Code, Refused

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {
        Refused: _refused,
        RequestValidationError: _invalid,
        HTTPException: _http,
        DependencyAway: _away,
        PublishUnknown: _unknown,
        Exception: _broken,
    }


def problem_response(refused: Refused, request_id: str) -> JSONResponse:
    """The answer to a refused request."""
    problem = refused.problem
    told = {
        "type": f"/problems/{refused.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": " ".join(one for one in (refused.detail, problem.cure) if one),
        "request_id": request_id,
    }
    if refused.failure:
        told["failure"] = refused.failure
    if refused.errors:
        told["errors"] = [asdict(one) for one in refused.errors]
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    return JSONResponse(told, problem.status, {**headers, **refused.headers}, media_type=PROBLEM)


async def _refused(request: Request, error: Refused) -> Response:
    log.info("refused", extra={"code": error.code, "request_id": request.state.request_id})
    return problem_response(error, request.state.request_id)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    return await _refused(request, Refused("invalid-request", errors=wrongs(error.errors())))


async def _http(request: Request, error: HTTPException) -> Response:
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return await _refused(request, Refused(_STATUSES.get(error.status_code, "malformed-body"), headers=headers))


def _allowed(request: Request) -> str:
    """The methods of all routes of an address; Starlette names those of the first."""
    routes = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in routes for method in getattr(one, "methods", None) or ()}))


async def _away(request: Request, error: DependencyAway) -> Response:
    log.warning("dependency away", extra={"reason": str(error), "request_id": request.state.request_id})
    return problem_response(Refused("unavailable"), request.state.request_id)


async def _unknown(request: Request, error: PublishUnknown) -> Response:
    log.warning("not confirmed", extra={"reason": str(error), "request_id": request.state.request_id})
    return problem_response(Refused("unconfirmed"), request.state.request_id)


async def _broken(request: Request, _: Exception) -> Response:
    """A fault of ours, which `Wrapping` logs."""
    return problem_response(Refused("internal-error"), request.state.request_id)
