"""Who may ask: tokens, scopes, accounts and rates."""

import logging
from datetime import timedelta

import pytest

from schemas.accounts import ApiToken
from services._runtime.rates import REMEMBERED, Buckets
from services._runtime.tokens import digest, is_token, mint
from services.ingest.api.settings import ApiSettings, ServiceToken
from tests.unit.api_world import AT, World, account_of, problem


def test_a_minted_token_tells_its_id_and_its_hash_finds_it() -> None:
    token, other = mint("portal.2026-11"), mint("portal.2026-11")
    assert token.text.startswith("nfx_portal.2026-11_")
    assert token.sha256 == digest(token.text)
    assert token.text != other.text
    assert is_token(token.text)
    assert token.text not in repr(token)
    assert ApiToken(token_id=token.token_id, sha256=token.sha256, scopes=("faxes:read",))


@pytest.mark.parametrize("token_id", ["", "a_b", "-a", "a b", "ä", "a" * 65])
def test_an_id_that_would_blur_a_token_is_refused(token_id: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        mint(token_id)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic bmZ4", "Bearer nfx_", "Bearer nfx_mine_short", "Bearer a b", "Bearer nfx_m_" + "x" * 500],
)
async def test_what_is_no_token_is_refused_without_looking_it_up(header: str) -> None:
    world = World()
    answer = await world.client.get("/v1/faxes", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="faxes"')
    assert world.accounts.looked_up == 0


async def test_two_tokens_are_no_token() -> None:
    world = World()
    headers = [("Authorization", f"Bearer {one.text}") for one in (world.mine, world.theirs)]
    assert problem(await world.client.get("/v1/faxes", headers=headers)) == (401, "token-missing")


async def test_a_revoked_token_is_refused_at_once_and_one_that_expires_then() -> None:
    world = World()
    assert (await world.get("/v1/faxes")).status_code == 200
    token = ApiToken(
        token_id="mine", sha256=world.mine.sha256, scopes=("faxes:read",), expires_at=AT + timedelta(hours=1)
    )
    world.change("acc-1", api_tokens=(token,))
    assert (await world.get("/v1/faxes")).status_code == 200
    world.clock = AT + timedelta(hours=1)
    assert problem(await world.get("/v1/faxes")) == (401, "token-expired")
    world.change("acc-1", api_tokens=())
    assert problem(await world.get("/v1/faxes")) == (401, "token-unknown")


async def test_a_service_token_expires_too() -> None:
    token = mint("cli")
    service = ServiceToken(name="cli", sha256=token.sha256, scopes=("faxes:read",), expires_at=AT)
    world = World(service_tokens=(service,))
    assert problem(await world.get("/v1/faxes", token, account_id="acc-1")) == (401, "token-expired")


async def test_a_token_of_two_accounts_is_nobodys() -> None:
    world = World()
    world.keep(account_of("acc-4", "+12125550109", world.mine))
    assert problem(await world.get("/v1/faxes")) == (401, "token-unknown")


async def test_scopes_are_kept_apart() -> None:
    world = World()
    sending = mint("sending")
    world.change("acc-1", api_tokens=(ApiToken(token_id="s", sha256=sending.sha256, scopes=("faxes:send",)),))
    row = world.row(1, direction="sent", state="accepted")
    assert (await world.send(token=sending)).status_code == 202
    for path in ("", f"/{row.fax_id}", f"/{row.fax_id}/document"):
        answer = await world.get(f"/v1/faxes{path}", sending)
        assert problem(answer) == (403, "scope-missing")
        assert 'scope="faxes:read"' in answer.headers["www-authenticate"]
    assert problem(await world.cancel(str(row.fax_id), world.reading)) == (403, "scope-missing")


async def test_who_guesses_tokens_is_not_looked_up_any_more_and_others_there_go_on() -> None:
    world = World(failures_burst=3)
    assert (await world.get("/v1/faxes")).status_code == 200
    for _ in range(3):
        assert problem(await world.get("/v1/faxes", mint("guess"))) == (401, "token-unknown")
    looked_up = world.accounts.looked_up
    assert problem(await world.get("/v1/faxes", mint("guess"))) == (429, "too-many-failures")
    assert problem(await world.get("/v1/faxes", world.theirs)) == (429, "too-many-failures")
    assert world.accounts.looked_up == looked_up
    assert (await world.get("/v1/faxes")).status_code == 200, "this token was good before"


async def test_a_token_has_a_rate_and_another_has_its_own() -> None:
    world = World(requests_per_second=0.01, requests_burst=2)
    for _ in range(2):
        assert (await world.get("/v1/faxes")).status_code == 200
    answer = await world.get("/v1/faxes")
    assert problem(answer) == (429, "too-many-requests")
    assert int(answer.headers["retry-after"]) > 90
    assert (await world.get("/v1/faxes", world.theirs)).status_code == 200


def test_a_bucket_refills_and_holds_no_more_than_its_burst() -> None:
    now = 0.0
    buckets = Buckets(2.0, 3, lambda: now)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    now = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    now = 1000.0
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    for number in range(2 * REMEMBERED):
        buckets.take(str(number))
    assert len(buckets._filled) == REMEMBERED


async def test_when_the_accounts_are_away_nobody_is_refused_for_it() -> None:
    world = World()
    world.accounts.away = True
    assert problem(await world.get("/v1/faxes")) == (503, "unavailable")
    world.accounts.away = False
    assert (await world.get("/v1/faxes")).status_code == 200


async def test_tokens_and_documents_are_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "services")
    world = World()
    await world.send(b"a private letter", subject="a private subject")
    await world.get("/v1/faxes", mint("stranger"))
    await world.send(token=world.reading)
    said = " ".join(str(vars(record)) for record in caplog.records)
    for secret in (world.mine.text, world.reading.text, "private", "nfx_"):
        assert secret not in said


async def test_a_request_id_is_given_back_unless_it_is_odd() -> None:
    world = World()
    answer = await world.client.get("/v1/faxes", headers={**world.headers(), "X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    answer = await world.client.get("/v1/faxes", headers={**world.headers(), "X-Request-Id": "a b\x7f"})
    assert len(answer.headers["x-request-id"]) == 36


async def test_requests_are_counted_by_route_and_status() -> None:
    world = World()
    await world.get(f"/v1/faxes/{world.row(1).fax_id}")
    await world.get("/v1/faxes/odd")
    await world.get("/else/where")
    count = world.registry.get_sample_value
    one = {"method": "GET", "route": "/v1/faxes/{fax_id}"}
    assert count("nativefax_api_requests_total", {**one, "status": "200"}) == 1
    assert count("nativefax_api_requests_total", {**one, "status": "422"}) == 1
    assert count("nativefax_api_requests_total", {"method": "GET", "route": "none", "status": "404"}) == 1


async def test_no_other_site_may_read_it_in_a_browser() -> None:
    world = World()
    answer = await world.client.get("/v1/faxes", headers={**world.headers(), "Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert (await world.client.options("/v1/faxes", headers=preflight)).status_code == 405


def test_service_tokens_come_from_the_settings_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    token = mint("portal")
    monkeypatch.setenv(
        "NATIVEFAX_API_SERVICE_TOKENS", f'[{{"name":"portal","sha256":"{token.sha256}","scopes":["faxes:send"]}}]'
    )
    assert ApiSettings().service_tokens == (ServiceToken(name="portal", sha256=token.sha256, scopes=("faxes:send",)),)
    twice = [{"name": "a", "sha256": token.sha256, "scopes": ["faxes:send"]}] * 2
    with pytest.raises(ValueError, match="twice"):
        ApiSettings.model_validate({"service_tokens": twice})
