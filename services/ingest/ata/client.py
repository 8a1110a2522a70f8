"""A device, as software: what `nativefax ata` is made of, and an example for those who write firmware."""

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from services.ingest.ata.routes import WAIT_SECONDS

LATER = frozenset({408, 429, 503})
"""Statuses after which the same request may succeed."""


class GatewayRefused(Exception):  # noqa: N818 - it says what happened
    """The gateway refused; `str()` of it is for a person.

    Attributes:
        status: The HTTP status.
        code: From docs/refusals/ata.md; empty if the answer isn't the gateway's own.
    """

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer gateway may say more


class Taken(_Answer):
    """The gateway has a submitted fax."""

    id: UUID
    accepted_at: datetime
    repeat: bool


class WaitingFax(_Answer):
    """What the device may take until `deadline`; `bytes` is the size of its TIFF.

    `kind` is *received*, or *notice*: a page that says how a fax that the device sent has ended.
    """

    id: UUID
    kind: str = "received"
    accepted_at: datetime
    deadline: datetime
    pages: int
    bytes: int
    media_type: str


class Acknowledged(_Answer):
    """What a fax is after it was acknowledged: printed, or mailed as well because the device came too late."""

    id: UUID
    state: str
    detail: str = ""


class _Waiting(_Answer):
    faxes: tuple[WaitingFax, ...]


class _Secret(_Answer):
    secret: str


@dataclass
class AtaClient:
    """One device on the gateway at `url`; before it enrols it has no secret.

    A request that may safely come twice is repeated for `patience` seconds while the gateway is away or says *later*.
    Every method raises `GatewayRefused`, and `httpx.TransportError` when the gateway can't be reached.
    """

    url: str
    serial: str
    secret: str = ""
    patience: float = 60.0
    transport: httpx.BaseTransport | None = None

    def __enter__(self) -> Self:
        self._http = httpx.Client(base_url=self.url, timeout=WAIT_SECONDS + 35, transport=self.transport)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def enrol(self, code: str) -> str:
        """The device's secret, for the one-time code; keep it, the code works once."""
        answer = self._once("POST", "/v1/ata/enrol", json={"serial": self.serial, "code": code}, auth=None)
        self.secret = _Secret.model_validate_json(answer.content).secret
        return self.secret

    def rotate(self) -> str:
        """A new secret; the old one works until the new one is first used."""
        self.secret = _Secret.model_validate_json(self._once("POST", "/v1/ata/rotate").content).secret
        return self.secret

    def submit(self, document: bytes, *, to: str, job: str, booted_at: datetime) -> Taken:
        """Send a TIFF or PDF; the same job and start of the device make one fax, however often it is submitted."""
        query = {"to": to, "job": job, "booted_at": booted_at.isoformat()}
        return Taken.model_validate_json(self._again("POST", "/v1/ata/faxes", params=query, content=document).content)

    def received(self, wait: float = 0) -> tuple[WaitingFax, ...]:
        """The faxes that wait; if there is none, those that come within `wait` seconds, 25 at most."""
        answer = self._again("GET", "/v1/ata/received", params={"wait": min(wait, WAIT_SECONDS)})
        return _Waiting.model_validate_json(answer.content).faxes

    def document(self, fax_id: UUID) -> bytes:
        """The TIFF of a fax that waits."""
        return self._again("GET", f"/v1/ata/received/{fax_id}/document").content

    def acknowledge(self, fax_id: UUID) -> Acknowledged:
        """Say that a fax was printed, once it was: then it isn't mailed."""
        answer = self._again("POST", f"/v1/ata/received/{fax_id}/acknowledge")
        return Acknowledged.model_validate_json(answer.content)

    def _again(self, method: str, path: str, **request: Any) -> httpx.Response:
        trying = Retrying(
            stop=stop_after_delay(self.patience),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            retry=retry_if_exception(_may_succeed_later),
            reraise=True,
        )
        return trying(self._once, method, path, **request)

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = self._http.request(method, path, **{"auth": (self.serial, self.secret), **request})
        if answer.is_success:
            return answer
        told = _problem(answer)
        words = " ".join(str(told[one]) for one in ("title", "detail") if told.get(one))
        code = str(told.get("type", "")).rpartition("/")[2]
        raise GatewayRefused(answer.status_code, code, words or f"The gateway answered {answer.status_code}.")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _may_succeed_later(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) or (isinstance(error, GatewayRefused) and error.status in LATER)
