"""What devices ask over HTTP (docs/ata-gateway.md)."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services._runtime.moments import in_utc
from services._runtime.problems import Wrong
from services.ingest.ata.answers import handlers
from services.ingest.ata.devices import Device, Devices
from services.ingest.ata.domain import HeldFax
from services.ingest.ata.handlers import Receiving
from services.ingest.ata.problems import Refused
from services.ingest.ata.submitting import Submitting
from services.ingest.ata.upload import Room, read_document

WAIT_SECONDS: Final = 25.0
"""A poll waits at most so long: less than the 30 s after which many proxies give up."""

ENROLMENT_BYTES: Final = 4096

PRIVATE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Serial = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f:]+$")]
"""No colon: HTTP Basic ends the user there (RFC 7617, 2)."""
Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Dialled = Annotated[str, StringConstraints(pattern=r"^[0-9*#+ ().-]{1,40}$")]
JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


@dataclass(frozen=True)
class Desk:
    """All that the routes need."""

    devices: Devices
    submitting: Submitting
    receiving: Receiving
    room: Room
    upload_seconds: float


class Enrolment(BaseModel):
    """What a device shows once."""

    model_config = ConfigDict(extra="forbid")

    serial: Serial
    code: Code


def gateway(desk: Desk) -> FastAPI:
    """The gateway as an application."""
    app = FastAPI(
        title="ATA gateway",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers=handlers(),
        redirect_slashes=False,  # behind a proxy, it would lead a device and its secret to http
    )
    device = Depends(_recognised(desk.devices))
    _enrolling(app, desk, device)
    _sending(app, desk, device)
    _receiving(app, desk, device)
    return app


def _enrolling(app: FastAPI, desk: Desk, device: Any) -> None:
    @app.post("/v1/ata/enrol", status_code=201)
    async def enrol(request: Request) -> Response:
        enrolment = await _enrolment(request)
        peer = request.client.host if request.client else "unknown"
        secret = await desk.devices.enrol(enrolment.serial, enrolment.code, peer)
        return _told({"secret": secret}, 201)

    @app.post("/v1/ata/rotate")
    async def rotate(shown: Annotated[Device, device]) -> Response:
        return _told({"secret": await desk.devices.rotate(shown)})


async def _enrolment(request: Request) -> Enrolment:
    """Read in bounds: whoever asks has proved nothing yet."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > ENROLMENT_BYTES:
            raise Refused("invalid-request", errors=(Wrong("body", f"at most {ENROLMENT_BYTES} bytes"),))
    try:
        return Enrolment.model_validate_json(bytes(body))
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


def _sending(app: FastAPI, desk: Desk, device: Any) -> None:
    @app.post("/v1/ata/faxes", status_code=202)
    async def submit(
        request: Request,
        shown: Annotated[Device, device],
        to: Annotated[Dialled, Query()],
        job: Annotated[JobId, Query()],
        booted_at: Annotated[AwareDatetime, AfterValidator(in_utc), Query()],
    ) -> Response:
        desk.submitting.check(shown, to)
        with desk.room.of(request):
            file = await read_document(request, desk.upload_seconds)
            taken = await desk.submitting.submit(shown, to, booted_at, job, file)
        told = {"id": str(taken.fax_id), "accepted_at": taken.accepted_at.isoformat(), "repeat": taken.repeat}
        return _told(told, 202)


def _receiving(app: FastAPI, desk: Desk, device: Any) -> None:
    @app.get("/v1/ata/received")
    async def received(
        shown: Annotated[Device, device], wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS)] = 0
    ) -> Response:
        return _told({"faxes": [_listed(one) for one in await desk.receiving.waiting(shown, wait)]})

    @app.get("/v1/ata/received/{fax_id}/document")
    async def document(fax_id: UUID, shown: Annotated[Device, device]) -> Response:
        data, media_type = await desk.receiving.document(shown, fax_id)
        return Response(data, media_type=media_type, headers=PRIVATE)

    @app.post("/v1/ata/received/{fax_id}/acknowledge")
    async def acknowledge(fax_id: UUID, shown: Annotated[Device, device]) -> Response:
        fax = await desk.receiving.acknowledge(shown, fax_id)
        told = {"id": str(fax.fax_id), "state": fax.state}
        if fax.state == "mailed":
            told["detail"] = "The deadline had passed, so it was sent by mail as well."
        return _told(told)


def _recognised(devices: Devices) -> Callable[[Request], Any]:
    async def recognised(request: Request) -> Device:
        serial, secret = _credentials(request.headers.get("authorization", ""))
        return await devices.recognise(serial, secret)

    return recognised


def _credentials(header: str) -> tuple[str, str]:
    """Serial number and secret, as user and password of HTTP Basic."""
    scheme, _, encoded = header.partition(" ")
    try:
        serial, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("not-authenticated") from error
    if scheme.lower() != "basic" or not colon or "\0" in serial:  # PostgreSQL's text takes no NUL
        raise Refused("not-authenticated")
    return serial, secret


def _listed(fax: HeldFax) -> dict[str, object]:
    return {
        "id": str(fax.fax_id),
        "kind": "notice" if fax.sent_fax_id else "received",
        "accepted_at": fax.accepted_at.isoformat(),
        "deadline": fax.due_at.isoformat(),
        "pages": fax.pages,
        "bytes": fax.document.size,
        "media_type": fax.document.media_type,
    }


def _told(what: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(what, status, PRIVATE)
