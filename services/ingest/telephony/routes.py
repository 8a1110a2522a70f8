"""The addresses for switches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse

from services.ingest.telephony.adapters import Fetching
from services.ingest.telephony.answers import handlers
from services.ingest.telephony.body import JSON, media_type, read_body, read_form
from services.ingest.telephony.gate import Gate
from services.ingest.telephony.handlers import Reception
from services.ingest.telephony.problems import CODES, PROBLEMS, Refused
from services.ingest.telephony.requests import ByUrl, ReceivedFax, Result, Variables, VariablesAlone, read_json
from services.ingest.telephony.settings import TelephonySettings

router = APIRouter()


@dataclass
class Room:
    """How many faxes are taken at once: each may be in memory as a whole."""

    left: int

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take one in.

        Raises:
            Refused: There is no room at the moment.
        """
        if self.left < 1:
            raise Refused("busy")
        self.left -= 1
        try:
            yield
        finally:
            self.left += 1


@dataclass(frozen=True)
class Desk:
    """All that answers switches."""

    gate: Gate
    reception: Reception
    fetching: Fetching
    room: Room
    settings: TelephonySettings


def telephony(desk: Desk) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Telephony over HTTP",
        openapi_url=None,  # docs/telephony-http.md says it to the few who write for a switch
        exception_handlers=handlers(),
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.include_router(router)
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


def _switch(request: Request, desk: AtDesk) -> str:
    peer = request.client.host if request.client else ""
    return desk.gate.admit(request.headers.getlist("authorization"), peer)


Switch = Annotated[str, Depends(_switch)]


@router.post("/v1/telephony/received", status_code=202)
async def received(request: Request, desk: AtDesk, switch: Switch) -> JSONResponse:
    """Takes a received fax: its file comes along, or is fetched from the switch."""
    with desk.room.one():
        fax, variables, data = await (_by_url if media_type(request) == JSON else _uploaded)(request, desk, switch)
        fax_id, unread = await desk.reception.received(switch, fax, variables, data)
    return _accepted(fax_id, unread)


@router.post("/v1/telephony/results", status_code=202)
async def results(request: Request, desk: AtDesk, switch: Switch) -> JSONResponse:
    """Takes the result of an attempt."""
    if media_type(request) != JSON:
        raise Refused("unsupported-media-type")
    posted = read_json(Result, await read_body(request, desk.settings.upload_seconds))
    unread = await desk.reception.result(switch, posted.event, posted.variables)
    return _accepted(posted.fax_id, unread)


@router.get("/problems/{code}")
async def explain(code: str) -> PlainTextResponse:
    """What the `type` of a problem means."""
    known = next((one for one in CODES if one == code), None)
    if known is None:
        raise Refused("no-such-page")
    problem = PROBLEMS[known]
    return PlainTextResponse(f"{known} ({problem.status})\n\n{problem.title}\n{problem.cure}\n")


async def _by_url(request: Request, desk: Desk, switch: str) -> tuple[ReceivedFax, Variables | None, bytes]:
    posted = read_json(ByUrl, await read_body(request, desk.settings.upload_seconds))
    _refuse_other(posted.event, switch)
    return posted.event, posted.variables, await desk.fetching.fetch(posted.url)


async def _uploaded(request: Request, desk: Desk, switch: str) -> tuple[ReceivedFax, Variables | None, bytes]:
    form = await read_form(request, desk.settings.upload_seconds)
    fax = read_json(ReceivedFax, form.fields["event"], "event")
    _refuse_other(fax, switch)
    told = form.fields.get("variables")
    return fax, read_json(VariablesAlone, told, "variables").root if told is not None else None, form.file


def _refuse_other(fax: ReceivedFax, switch: str) -> None:
    if fax.switch_id not in {None, switch}:
        raise Refused("not-your-switch")


def _accepted(fax_id: UUID, unread: tuple[str, ...]) -> JSONResponse:
    return JSONResponse({"fax_id": str(fax_id), "unread_variables": list(unread)}, 202)
