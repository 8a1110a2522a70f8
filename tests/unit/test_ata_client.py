"""A device, as software: what it sends, what it repeats, and what it tells a person."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from services.ingest.ata.client import AtaClient, GatewayRefused

BOOTED = datetime(2026, 11, 24, 6, tzinfo=UTC)
FAX_ID = UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")
TAKEN = {"id": str(FAX_ID), "accepted_at": BOOTED.isoformat(), "repeat": False, "something": "new"}
BUSY = {"type": "/problems/busy", "title": "Too many documents are arriving.", "status": 503, "detail": "Again."}


class Gateway:
    """Answers one after another, the last one ever after, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def device() -> Callable[..., AtaClient]:
    def of(gateway: Gateway, patience: float = 5) -> AtaClient:
        return AtaClient("http://gateway", "20ABCD", "secret", patience, httpx.MockTransport(gateway))

    return of


def submit(client: AtaClient) -> UUID:
    with client:
        return client.submit(b"II*\0", to="12025550177", job="7", booted_at=BOOTED).id


def test_it_submits_with_serial_and_secret(device: Callable[..., AtaClient]) -> None:
    gateway = Gateway(httpx.Response(202, json=TAKEN))
    assert submit(device(gateway)) == FAX_ID
    (asked,) = gateway.asked
    assert dict(asked.url.params) == {"to": "12025550177", "job": "7", "booted_at": BOOTED.isoformat()}
    assert asked.headers["Authorization"] == httpx.BasicAuth("20ABCD", "secret")._auth_header
    assert asked.content == b"II*\0"


def test_it_repeats_while_the_gateway_is_away_or_busy(device: Callable[..., AtaClient]) -> None:
    gateway = Gateway(httpx.ConnectError("refused"), httpx.Response(503, json=BUSY), httpx.Response(202, json=TAKEN))
    assert submit(device(gateway)) == FAX_ID
    assert len(gateway.asked) == 3


def test_its_patience_ends(device: Callable[..., AtaClient]) -> None:
    with pytest.raises(GatewayRefused, match="Too many documents are arriving"):
        submit(device(Gateway(httpx.Response(503, json=BUSY)), patience=0))
    with pytest.raises(httpx.ConnectError):
        submit(device(Gateway(httpx.ConnectError("refused")), patience=0))


@pytest.mark.parametrize("status", [401, 403, 413, 415, 422, 500])
def test_what_is_refused_for_good_is_not_repeated(device: Callable[..., AtaClient], status: int) -> None:
    gateway = Gateway(httpx.Response(status, json={"type": "/problems/some-code", "title": "No."}))
    with pytest.raises(GatewayRefused, match="No") as refused:
        submit(device(gateway))
    assert (refused.value.status, refused.value.code, len(gateway.asked)) == (status, "some-code", 1)


def test_an_answer_that_is_not_the_gateways_is_told_by_its_status(device: Callable[..., AtaClient]) -> None:
    with pytest.raises(GatewayRefused, match="answered 502"):
        submit(device(Gateway(httpx.Response(502, text="<html>bad gateway"))))


def test_enrolling_is_never_repeated_and_shows_no_secret(device: Callable[..., AtaClient]) -> None:
    gateway = Gateway(httpx.ConnectError("refused"), httpx.Response(201, json={"secret": "new"}))
    client = device(gateway)
    with client, pytest.raises(httpx.ConnectError):
        client.enrol("CODE")
    assert "Authorization" not in gateway.asked[0].headers
    with client:
        assert (client.enrol("CODE"), client.secret) == ("new", "new")
