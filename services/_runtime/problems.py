"""Refusals over HTTP as application/problem+json (RFC 9457), whichever gateway refuses, and never a stack trace.

Each gateway has its own closed set of codes, and says what it refuses with a `Refusal` of its own.
"""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schemas.failures import FaxFailure
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

Fault = Literal["unavailable", "unconfirmed", "internal-error"]
"""Codes that every gateway has: what it needs is away, Kafka didn't confirm, a fault of ours."""

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Problem:
    """One kind of refusal.

    Attributes:
        status: The HTTP status.
        title: What happened.
        cure: What whoever asked can do.
        retry_after: Seconds after which the same request may succeed; None: it won't by itself.
    """

    status: int
    title: str
    cure: str
    retry_after: int | None = None


@dataclass(frozen=True)
class Wrong:
    """One thing in a request that isn't as it should be: where (``query.limit``, ``form.to``), and what."""

    where: str
    what: str


class Refusal(Exception):  # noqa: N818 - it says what happened
    """A request is refused, in words that never quote a document: see each gateway's own."""

    def __init__(
        self,
        code: str,
        problem: Problem,
        detail: str = "",
        *,
        failure: FaxFailure | None = None,
        errors: tuple[Wrong, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.problem = problem
        self.detail = detail
        self.failure = failure
        self.errors = errors
        self.headers = headers or {}


def problem_response(refused: Refusal, request_id: str) -> JSONResponse:
    """The answer to a refused request."""
    problem = refused.problem
    told: dict[str, Any] = {
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


def problem_schema(codes: Sequence[str], wrong: type[Wrong] = Wrong, **more: Any) -> dict[str, Any]:
    """What `problem_response` answers, as JSON Schema: a gateway's codes, its `Wrong`, and what it says more."""
    text = {"type": "string"}
    errors = {
        "type": "object",
        "required": ["where", "what"],
        "additionalProperties": False,
        "properties": {one.name: text for one in fields(wrong)},
    }
    return {
        "title": "Problem",
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id"],
        "additionalProperties": False,
        "properties": {
            "type": {**text, "enum": [f"/problems/{code}" for code in codes]},
            "title": {**text, "description": "what happened"},
            "status": {"type": "integer"},
            "detail": {**text, "description": "more about it, and what to do"},
            "request_id": {**text, "description": "to name when you ask us"},
            **more,
            "errors": {"type": "array", "items": errors},
        },
    }


async def refuse(request: Request, error: Refusal) -> Response:
    """Answer a refused request, and log its code."""
    log.info("refused", extra={"code": error.code, "request_id": request.state.request_id})
    return problem_response(error, request.state.request_id)


def fault_handlers(refused: Callable[[Fault], Refusal]) -> dict[int | type[Exception], Handler]:
    """What to answer to what every gateway may raise, with the words of one."""

    async def away(request: Request, error: DependencyAway) -> Response:
        log.warning("dependency away", extra={"reason": str(error), "request_id": request.state.request_id})
        return problem_response(refused("unavailable"), request.state.request_id)

    async def unknown(request: Request, error: PublishUnknown) -> Response:
        log.warning("not confirmed", extra={"reason": str(error), "request_id": request.state.request_id})
        return problem_response(refused("unconfirmed"), request.state.request_id)

    async def broken(request: Request, _: Exception) -> Response:
        """A fault of ours, which `Wrapping` logs."""
        return problem_response(refused("internal-error"), request.state.request_id)

    return {Refusal: refuse, DependencyAway: away, PublishUnknown: unknown, Exception: broken}
