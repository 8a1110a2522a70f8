"""Refusals as application/problem+json (RFC 9457), whoever raises them, and never a stack trace."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.ingest.api.answers import PROBLEM
from services.ingest.telephony.problems import Code, Refused

log = logging.getLogger(__name__)

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {
        Refused: _refused,
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
    if refused.errors:
        told["errors"] = [asdict(one) for one in refused.errors]
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    return JSONResponse(told, problem.status, {**headers, **refused.headers}, media_type=PROBLEM)


async def _refused(request: Request, error: Refused) -> Response:
    log.info("refused", extra={"code": error.code, "request_id": request.state.request_id})
    return problem_response(error, request.state.request_id)


async def _http(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {}) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return await _refused(request, Refused(_STATUSES.get(error.status_code, "malformed-body"), headers=headers))


async def _away(request: Request, error: DependencyAway) -> Response:
    log.warning("dependency away", extra={"reason": str(error), "request_id": request.state.request_id})
    return problem_response(Refused("unavailable"), request.state.request_id)


async def _unknown(request: Request, error: PublishUnknown) -> Response:
    log.warning("not confirmed", extra={"reason": str(error), "request_id": request.state.request_id})
    return problem_response(Refused("unconfirmed"), request.state.request_id)


async def _broken(request: Request, _: Exception) -> Response:
    """A fault of ours, which `Wrapping` logs."""
    return problem_response(Refused("internal-error"), request.state.request_id)
