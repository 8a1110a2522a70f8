"""The HTTP API, as the portal uses it: it sees, sends and cancels faxes of any account with a service token."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self
from uuid import UUID

import httpx

from services.portal.sending.drafts import Given

log = logging.getLogger("nativefax.portal")

SECONDS: Final = httpx.Timeout(120.0, connect=5.0)
"""For an answer: a preview may wait for others, and then takes as long as the document worker may."""

PAGES: Final = "Fax-Pages"


class ApiAway(Exception):  # noqa: N818 - it says what is the matter
    """The API can't answer now. The same request again does no harm.

    Attributes:
        busy: It answers, and has too much to do.
    """

    def __init__(self, *, busy: bool = False) -> None:
        super().__init__("busy" if busy else "away")
        self.busy = busy


@dataclass(frozen=True)
class Problem:
    """Why the API refused (RFC 9457). `errors` are pairs of where and what."""

    code: str
    detail: str
    failure: str = ""
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A fax as the API takes it. `sender` is who sends it; `reply_to`, if any, is told how it ends."""

    account_id: str
    to: str
    files: Sequence[Given]
    sender: str
    subject: str = ""
    cover: bool = False
    cover_text: str = ""
    resolution: str = "fine"
    reply_to: str = ""

    def fields(self) -> dict[str, str]:
        """Of the form."""
        said = {
            "account_id": self.account_id,
            "to": self.to,
            "on_behalf_of": self.sender,
            "subject": self.subject,
            "cover": "true" if self.cover else "false",
            "cover_text": self.cover_text if self.cover else "",
            "resolution": self.resolution,
            "reply_to": self.reply_to,
        }
        return {name: value for name, value in said.items() if value}

    def parts(self) -> list[tuple[str, tuple[str, bytes, str]]]:
        """The files of the form."""
        return [("file", (one.name, one.data, one.media_type)) for one in self.files]


@dataclass(frozen=True)
class Previewed:
    """The pages as a PDF, and how many there are."""

    pdf: bytes
    pages: int


@dataclass(frozen=True)
class FaxApi:
    """A client of the API. Every method raises `ApiAway`."""

    client: httpx.AsyncClient

    @classmethod
    def of(cls, url: str, token: str) -> Self:
        """Of the API at an address."""
        headers = {"Authorization": f"Bearer {token}"}
        return cls(httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, timeout=SECONDS, trust_env=False))

    async def preview(self, fax: Outgoing) -> Previewed | Problem:
        """The pages that would be dialled, or why it can't be sent."""
        answer = await self._post("/v1/previews", data=fax.fields(), files=fax.parts())
        if isinstance(answer, Problem):
            return answer
        return Previewed(answer.content, int(answer.headers[PAGES]))

    async def send(self, fax: Outgoing, key: str) -> UUID | Problem:
        """Its id once it is taken; the same fax under the same key again is the same fax."""
        headers = {"Idempotency-Key": key}
        answer = await self._post("/v1/faxes", data=fax.fields(), files=fax.parts(), headers=headers)
        return answer if isinstance(answer, Problem) else UUID(answer.json()["id"])

    async def cancel(self, account_id: str, fax_id: UUID) -> str | Problem:
        """``cancelled``, or ``cancelling`` if the dialer was asked; or why it can't be cancelled any more."""
        answer = await self._post(f"/v1/faxes/{fax_id}/cancel", params={"account_id": account_id})
        return answer if isinstance(answer, Problem) else str(answer.json()["state"])

    async def _post(self, path: str, **request: Any) -> httpx.Response | Problem:
        try:
            answer = await self.client.post(path, **request)
        except httpx.TransportError as error:
            raise ApiAway from error
        if answer.is_success:
            return answer
        problem = _problem(answer)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or problem.code == "busy":
            raise ApiAway(busy=True)
        if answer.is_server_error or problem.code not in TOLD:
            log.warning("api", extra={"status": answer.status_code, "code": problem.code})
            raise ApiAway
        return problem


TOLD: Final = frozenset(
    {
        "body-too-large",
        "destination-refused",
        "empty-file",
        "file-refused",
        "invalid-request",
        "key-expired",
        "key-reused",
        "method-not-enabled",
        "no-such-account",
        "no-such-fax",
        "not-cancellable",
        "nothing-to-fax",
        "reply-to-not-allowed",
    }
)
"""Refusals that whoever sends a fax is told. Others, of our token or line, they can't help: the API is away then."""


def _problem(answer: httpx.Response) -> Problem:
    try:
        told = json.loads(answer.content)
        errors = tuple((one["where"], one["what"]) for one in told.get("errors", ()))
        code = str(told["type"]).rpartition("/")[2]
        return Problem(code, str(told["detail"]), str(told.get("failure", "")), errors)
    except (ValueError, TypeError, KeyError, AttributeError):  # a proxy's page
        return Problem("", "")
