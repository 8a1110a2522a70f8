"""Refusals as application/problem+json (RFC 9457), whoever raises them, and never a stack trace."""

import logging
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services._runtime.outcomes import DependencyAway
from services._runtime.problems import PROBLEM, Handler
from services._runtime.publisher import PublishUnknown
from services.ingest.ata.problems import Code, Refused

CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="ata", charset="UTF-8"'}
"""RFC 7617, 2."""

_STATUSES: Final[dict[int, Code]] = {404: "no-such-address", 405: "method-not-allowed"}

log = logging.getLogger(__name__)


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


def answer(refused: Refused, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a refused request."""
    problem = refused.problem
    told: dict[str, Any] = {
        "type": f"/problems/{refused.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": " ".join(one for one in (refused.detail, problem.cure) if one),
    }
    if refused.failure:
        told["failure"] = refused.failure
    if refused.errors:
        told["errors"] = [{"where": where, "what": what} for where, what in refused.errors]
    more = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    challenge = CHALLENGE if refused.code == "not-authenticated" else {}
    return JSONResponse(told, problem.status, {**more, **challenge, **(headers or {})}, media_type=PROBLEM)


async def _refused(_: Request, error: Refused) -> Response:
    log.info("refused", extra={"code": error.code})
    return answer(error)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    wrong = tuple((".".join(map(str, one["loc"])), str(one["msg"])) for one in error.errors())
    return answer(Refused("invalid-request", errors=wrong))


async def _http(_: Request, error: HTTPException) -> Response:
    return answer(Refused(_STATUSES.get(error.status_code, "incomplete-document")), dict(error.headers or {}))


async def _away(_: Request, error: DependencyAway) -> Response:
    log.warning("dependency away", extra={"reason": str(error)})
    return answer(Refused("unavailable"))


async def _unknown(_: Request, error: PublishUnknown) -> Response:
    log.warning("not confirmed", extra={"reason": str(error)})
    return answer(Refused("unconfirmed"))


async def _broken(_: Request, error: Exception) -> Response:
    log.error("unexpected error", extra={"reason": type(error).__name__})
    return answer(Refused("internal-error"))
