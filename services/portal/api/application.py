"""The API as an application, and the document that describes it."""

from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from services.portal.api import accounts, domains, holds, reseller, usage, users
from services.portal.api.answers import Bounded, handlers
from services.portal.api.describing import SCHEMA, VERSION
from services.portal.api.problems import CODES, PROBLEMS, Refused
from services.portal.web.services import Services

DESCRIPTION: Final = """Domains, phone numbers, users, fax accounts and holds, for machines.

Every request needs a token of the portal: `Authorization: Bearer nfp_…`, made on its page API tokens. It acts as
whoever made it, and may do what they may on the pages. Refusals are `application/problem+json` (RFC 9457); `type` names
the kind, `detail` says what to do, and `errors` why nothing was changed."""


class _Api(FastAPI):
    """FastAPI, and what it can't see for itself."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"]["Problem"] = SCHEMA
        return document


def api(services: Services) -> FastAPI:
    """The application, at ``/api/v1`` and ``/problems``."""
    app = _Api(
        title="Portal",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{VERSION}/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        exception_handlers=handlers(),
        redirect_slashes=False,
    )
    app.state.services = services
    for part in (reseller, domains, users, accounts, holds, usage):
        app.router.routes.extend(part.router.routes)  # all beside each other, so each can be looked at
    app.add_api_route("/problems/{code}", _explain, include_in_schema=False)
    app.add_middleware(Bounded)
    return app


async def _explain(code: str) -> PlainTextResponse:
    """What the `type` of a problem means."""
    known = next((one for one in CODES if one == code), None)
    if known is None:
        raise Refused("no-such-page")
    problem = PROBLEMS[known]
    return PlainTextResponse(f"{known} ({problem.status})\n\n{problem.title}\n{problem.cure}\n")
