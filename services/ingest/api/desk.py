"""Where requests are answered: all that it takes, and who asks there."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from services.ingest.api.faxes import Faxes
from services.ingest.api.gate import Caller, Gate
from services.ingest.api.handlers import Cancelling, Sending
from services.ingest.api.previewing import Previewing
from services.ingest.api.problems import Refused
from services.ingest.api.settings import ApiSettings, Scope
from services.ingest.api.upload import Budget


@dataclass(frozen=True)
class Desk:
    """All that answers requests, once the process has started."""

    gate: Gate
    sending: Sending
    previewing: Previewing
    cancelling: Cancelling
    faxes: Faxes
    budget: Budget
    settings: ApiSettings


async def _desk(request: Request) -> Desk:
    desk: Desk | None = request.app.state.desk()
    if desk is None:
        raise Refused("unavailable", "The API is starting.")
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]

_BEARER = HTTPBearer(auto_error=False, description="nfx_<token id>_<secret>", scheme_name="token")


async def _caller(
    desk: AtDesk, request: Request, scopes: SecurityScopes, _: Annotated[object, Depends(_BEARER)]
) -> Caller:
    wanted: Scope = "faxes:send" if "faxes:send" in scopes.scopes else "faxes:read"
    peer = request.client.host if request.client else ""
    return await desk.gate.admit(request.headers.getlist("authorization"), peer, wanted)


Sender = Annotated[Caller, Security(_caller, scopes=["faxes:send"])]
Reader = Annotated[Caller, Security(_caller, scopes=["faxes:read"])]
