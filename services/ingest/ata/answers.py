"""What a device is answered to what is raised."""

from typing import Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services._runtime.problems import Handler, Wrong, fault_handlers, refuse
from services.ingest.ata.problems import Code, Refused

_STATUSES: Final[dict[int, Code]] = {404: "no-such-address", 405: "method-not-allowed"}
"""What Starlette refuses by itself; whatever else it is, the request didn't arrive whole."""


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {**fault_handlers(Refused), RequestValidationError: _invalid, HTTPException: _http}


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    wrong = tuple(Wrong(".".join(map(str, one["loc"])), str(one["msg"])) for one in error.errors())
    return await refuse(request, Refused("invalid-request", errors=wrong))


async def _http(request: Request, error: HTTPException) -> Response:
    code = _STATUSES.get(error.status_code, "incomplete-document")
    return await refuse(request, Refused(code, headers=dict(error.headers or {})))
