"""The addresses of the API."""

import logging
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse

from services._runtime.display import fax_filename
from services.ingest.api.answers import handlers
from services.ingest.api.bodies import PAGES, PREVIEW, SUBMISSION
from services.ingest.api.desk import AtDesk, Desk, Reader, Sender
from services.ingest.api.faxes import Kind
from services.ingest.api.form import read_form
from services.ingest.api.handlers import fresh_key
from services.ingest.api.openapi import DESCRIPTION, PREVIEWING, SUBMITTING, answers, problem
from services.ingest.api.problems import CODES, PROBLEMS, Refused
from services.ingest.api.queries import Listed, Wanted, Whose
from services.ingest.api.upload import read_upload
from services.ingest.api.views import AcceptedFax, Cancellation, Fax, FaxList, FaxWithSteps, Step

log = logging.getLogger(__name__)

router = APIRouter()
MEDIA_TYPES: dict[Kind, str] = {"pdf": "application/pdf", "tiff": "image/tiff"}


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
        exception_handlers=handlers(router.routes),
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.include_router(router)
    return app


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


@router.post(
    "/v1/previews",
    summary="See the pages of a fax before it is sent",
    operation_id="previewFax",
    response_class=Response,
    responses=answers(*PREVIEWING),
    openapi_extra=PREVIEW,
)
async def preview_fax(request: Request, desk: AtDesk, caller: Sender) -> Response:
    """Takes what a submission takes, and answers the pages that would be dialled as a PDF. Nothing is stored or sent.

    The line on top of each page has the present time; when the fax is sent it has the time of its acceptance.
    """
    own = caller.account.account_id if caller.account else None
    with desk.budget.hold(request, own):
        upload = await read_upload(request, desk.settings.upload_seconds)
        form = read_form(upload.fields, request.query_params.multi_items())
        account = await desk.gate.account(caller, form.account_id)
        made = await desk.previewing.preview(caller, account, form, upload)
    return Response(made.pdf, media_type=MEDIA_TYPES["pdf"], headers={PAGES: str(made.pages)})


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
    return FaxList(faxes=[Fax.of(row) for row in page.rows], next=str(page.next) if page.next else None)


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
    responses=answers("no-such-fax", "no-document", "too-many-documents", document=True),
)
async def get_document(fax_id: UUID, desk: AtDesk, caller: Reader, wanted: Annotated[Wanted, Query()]) -> Response:
    """As a PDF, or as the TIFF that was received or is dialled."""
    account = await desk.gate.account(caller, wanted.account_id)
    row = (await desk.faxes.find(account.account_id, fax_id)).row
    desk.gate.count_document(caller)
    data = await desk.faxes.document(row, wanted.format)
    log.info("document read", extra={"fax_id": str(fax_id), "token": caller.name, "account_id": account.account_id})
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
