"""Telephony over HTTP on fakes: a store and Kafka that a test can take away, and files that can be fetched."""

import json
from typing import Any
from uuid import UUID

import httpx
from prometheus_client import CollectorRegistry

from services._runtime.tokens import digest
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.telephony.app import desk_of
from services.ingest.telephony.handlers import Reception
from services.ingest.telephony.problems import broken
from services.ingest.telephony.routes import telephony
from services.ingest.telephony.settings import TelephonySettings
from tests.fakes import MemoryBlobs
from tests.unit.api_world import KeptMessages

TIFF = b"II*\0 a received fax"
FAX = UUID("0b1f6a7e-6a39-4a0a-9a54-1d6a0c5f4a11")
ATTEMPT = UUID("0b1f6a7e-6a39-4a0a-9a54-1d6a0c5f4a12")
TOKEN, OTHER, NEXT = "token-of-fs-1", "token-of-ast-2", "next-token-of-fs-1"
EVENT: dict[str, Any] = {
    "call_id": "4f1c@10.0.0.1",
    "called_number": "+12025550112",
    "caller_number": "+12025550150",
    "received_at": "2026-11-24T12:00:00+00:00",
}
RESULT: dict[str, Any] = {"fax_id": str(FAX), "attempt_id": str(ATTEMPT), "ended_at": "2026-11-24T12:00:00+00:00"}


class World:
    """The application, and everything around it."""

    def __init__(self, peer: str = "192.0.2.7", **settings: object) -> None:
        given = {"switches": {"fs-1": (digest(TOKEN), digest(NEXT)), "ast-2": digest(OTHER)}, **settings}
        self.settings = TelephonySettings(_env_file=None, **given)  # type: ignore[arg-type]
        self.blobs, self.published = MemoryBlobs(), KeptMessages()
        self.desk = desk_of(self.settings, Reception(self.blobs, self.published))
        self.app = telephony(self.desk)
        self.registry = CollectorRegistry()
        web = Wrapping(self.app, HttpMetrics(self.registry, "telephony"), broken)
        transport = httpx.ASGITransport(app=web, raise_app_exceptions=False, client=(peer, 4711))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://telephony")

    async def upload(
        self, data: bytes = TIFF, *, token: str = TOKEN, variables: dict[str, object] | None = None, **event: object
    ) -> httpx.Response:
        fields = {"event": json.dumps({**EVENT, **event})}
        if variables is not None:
            fields["variables"] = json.dumps(variables)
        return await self.client.post(
            "/v1/telephony/received",
            headers={"Authorization": f"Bearer {token}"},
            data=fields,
            files={"file": ("fax.tif", data, "image/tiff")},
        )

    async def by_url(self, url: str, *, token: str = TOKEN, **event: object) -> httpx.Response:
        return await self.post("/v1/telephony/received", {"event": {**EVENT, **event}, "url": url}, token=token)

    async def result(self, *, token: str = TOKEN, **more: object) -> httpx.Response:
        return await self.post("/v1/telephony/results", {**RESULT, **more}, token=token)

    async def post(self, path: str, body: object, *, token: str = TOKEN) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self.client.post(path, headers=headers, content=content)


def code_of(response: httpx.Response) -> str:
    """The code of a refusal, which must be a problem of RFC 9457."""
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    assert {"type", "title", "detail", "request_id"} <= told.keys()
    assert response.headers["x-request-id"] == told["request_id"]
    return str(told["type"]).removeprefix("/problems/")
