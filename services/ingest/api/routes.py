"""The addresses of the API."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, Security
from fastapi.security import HTTPBearer, SecurityScopes
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import JSONResponse, PlainTextResponse

from schemas.base import Name
from schemas.fax import FaxState
from services._runtime.display import fax_filename
from services._runtime.history import Cursor, Direction
from services.ingest.api.answers import handlers
from services.ingest.api.domain import cursor_text, read_cursor
from services.ingest.api.faxes import Faxes, Kind
from services.ingest.api.form import read_form
from services.ingest.api.gate import Caller, Gate
from services.ingest.api.handlers import Cancelling, Sending, fresh_key
from services.ingest.api.openapi import DESCRIPTION, SUBMISSION, SUBMITTING, answers, problem
from services.ingest.api.problems import CODES, PROBLEMS, Refused
from services.ingest.api.settings import ApiSettings, Scope
from services.ingest.api.upload import Budget, read_upload
from services.ingest.api.views import AcceptedFax, Cancellation, Fax, FaxList, FaxWithSteps, Step

router = APIRouter()
MEDIA_TYPES: dict[Kind, str] = {"pdf": "application/pdf", "tiff": "image/tiff"}


@dataclass(frozen=True)
class Desk:
    """All that answers requests, once the process has started."""

    gate: Gate
    sending: Sending
    cancelling: Cancelling
    faxes: Faxes
    budget: Budget
    settings: ApiSettings


class _Api(FastAPI):
    """FastAPI, and what it can't see for itself."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"]["Problem"] = problem()
        return document


def api(desk: Callable[[], Desk | None]) -> FastAPI:
    """The application; `desk` answers None until the process has started."""
    app = _Api(
        title="Native Fax",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        exception_handlers=handlers(),
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.include_router(router)
    return app


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


def _rfc3339(value: object) -> object:
    """Pydantic would take a number for seconds since 1970, which nobody is told of."""
    if isinstance(value, str) and not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]", value):
        raise ValueError("not a date and time with its offset, as in 2026-11-24T09:30:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]


class Whose(BaseModel):
    """Whose fax it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: Name | None = Field(default=None, description="a service token must name the account")


class Wanted(Whose):
    """Which form of the document."""

    format: Kind = Field(default="pdf", description="tiff: as it was received, or as it is dialled")


class Listed(Whose):
    """Which faxes, and from where in the list."""

    direction: Direction | None = None
    state: list[FaxState] = Field(default=[], max_length=20, description="any of these; none: all")
    since: Moment | None = Field(default=None, description="accepted then or later")
    until: Moment | None = Field(default=None, description="accepted before")
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=200, description="`next` of an earlier answer")

    def after(self) -> Cursor | None:
        """Where to go on.

        Raises:
            Refused: The cursor isn't ours.
        """
        try:
            return read_cursor(self.cursor) if self.cursor is not None else None
        except ValueError as error:
            raise Refused("invalid-cursor") from error


@router.post(
    "/v1/faxes",
    status_code=202,
    response_model=AcceptedFax,
    summary="Submit a fax",
    operation_id="submitFax",
    responses=answers(*SUBMITTING),
    openapi_extra=SUBMISSION,
)
async def submit_fax(request: Request, desk: AtDesk, caller: Sender) -> JSONResponse:
    """Accepts a fax to send, once its bytes are stored and its event is confirmed."""
    key = fresh_key(request.headers.getlist("idempotency-key"))
    own = caller.account.account_id if caller.account else None
    with desk.budget.hold(request, own):
        upload = await read_upload(request, desk.settings.upload_seconds)
        form = read_form(upload.fields, request.query_params.multi_items())
        account = await desk.gate.account(caller, form.account_id)
        answer, repeat = await desk.sending.send(caller, account, key, form, upload)
    headers = {"Location": f"/v1/faxes/{answer.id}", **({"Idempotency-Replayed": "true"} if repeat else {})}
    return JSONResponse(answer.model_dump(mode="json"), 202, headers)


@router.get(
    "/v1/faxes",
    summary="List an account's faxes, newest first",
    operation_id="listFaxes",
    responses=answers("invalid-cursor"),
)
async def list_faxes(desk: AtDesk, caller: Reader, wanted: Annotated[Listed, Query()]) -> FaxList:
    """A fax appears here a moment after it was accepted; asked for by its id it is there at once."""
    account = await desk.gate.account(caller, wanted.account_id)
    page = await desk.faxes.history.faxes(
        account.account_id,
        direction=wanted.direction,
        states=wanted.state,
        since=wanted.since,
        until=wanted.until,
        after=wanted.after(),
        limit=wanted.limit,
    )
    return FaxList(faxes=[Fax.of(row) for row in page.rows], next=cursor_text(page.next) if page.next else None)


@router.get(
    "/v1/faxes/{fax_id}",
    summary="One fax and its steps",
    operation_id="getFax",
    responses=answers("no-such-fax"),
)
async def get_fax(fax_id: UUID, desk: AtDesk, caller: Reader, whose: Annotated[Whose, Query()]) -> FaxWithSteps:
    """How a fax stands, and how it came there."""
    account = await desk.gate.account(caller, whose.account_id)
    found = await desk.faxes.find(account.account_id, fax_id)
    return FaxWithSteps.with_steps(found.row, [Step.of(one) for one in await desk.faxes.steps(found)])


@router.get(
    "/v1/faxes/{fax_id}/document",
    summary="The pages of a fax",
    operation_id="getDocument",
    response_class=Response,
    responses=answers("no-such-fax", "no-document", document=True),
)
async def get_document(fax_id: UUID, desk: AtDesk, caller: Reader, wanted: Annotated[Wanted, Query()]) -> Response:
    """As a PDF, or as the TIFF that was received or is dialled."""
    account = await desk.gate.account(caller, wanted.account_id)
    row = (await desk.faxes.find(account.account_id, fax_id)).row
    data = await desk.faxes.document(row, wanted.format)
    name = fax_filename(row.accepted_at, account.time_zone, row.other_party)
    name = name if wanted.format == "pdf" else name.removesuffix(".pdf") + ".tif"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=MEDIA_TYPES[wanted.format], headers=headers)


@router.post(
    "/v1/faxes/{fax_id}/cancel",
    summary="Cancel a fax before it is dialled",
    operation_id="cancelFax",
    response_model=Cancellation,
    responses=answers("no-such-fax", "not-cancellable", "unconfirmed", cancelling=True),
)
async def cancel_fax(fax_id: UUID, desk: AtDesk, caller: Sender, whose: Annotated[Whose, Query()]) -> JSONResponse:
    """200: it won't be dialled. 202: the dialer was asked; a call that has begun is not broken off."""
    account = await desk.gate.account(caller, whose.account_id)
    done = await desk.cancelling.cancel(account, fax_id)
    return JSONResponse(done.model_dump(mode="json"), 200 if done.state == "cancelled" else 202)


@router.get("/problems/{code}", include_in_schema=False)
async def explain(code: str) -> PlainTextResponse:
    """What the `type` of a problem means."""
    known = next((one for one in CODES if one == code), None)
    if known is None:
        raise Refused("no-such-page")
    problem = PROBLEMS[known]
    return PlainTextResponse(f"{known} ({problem.status})\n\n{problem.title}\n{problem.cure}\n")
