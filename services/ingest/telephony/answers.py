"""What a switch is answered to what is raised."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services._runtime.problems import Handler, fault_handlers, refuse
from services.ingest.telephony.problems import Code, Refused

_STATUSES: dict[int, Code] = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large"}
"""What Starlette refuses by itself; whatever else it is, the request can't be read."""


def handlers() -> dict[int | type[Exception], Handler]:
    """What to answer to each exception."""
    return {**fault_handlers(Refused), HTTPException: _http}


async def _http(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {}) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return await refuse(request, Refused(_STATUSES.get(error.status_code, "malformed-body"), headers=headers))
