"""The portal's API for machines: every address for every role, its tokens, and what it does, on one database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from services._runtime.database import transaction
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.portal.api.application import api
from services.portal.api.doors import Door
from services.portal.api.problems import CODES, PROBLEMS, broken
from services.portal.inventory.tables import AUDIT, METADATA
from services.portal.web.signing_in import tables
from services.portal.web.signing_in.throttle import PER_NETWORK
from services.portal.web.signing_in.tokens import MadeToken
from tests.providers.portal import DOMAIN, EMAILS, HOST, OTHER, OTHER_NUMBER, Portal, portal

V = "/api/v1"
D = f"{V}/domains/{{domain}}"
A = f"{V}/accounts/{{account_id}}"
OFFICE = {"reseller", "manager"}
WHO: dict[tuple[str, str], set[str]] = {
    ("GET", f"{V}/me"): OFFICE,
    ("GET", f"{V}/brand"): OFFICE,
    ("PUT", f"{V}/brand"): {"reseller"},
    ("GET", f"{V}/device-types"): OFFICE,
    ("POST", f"{V}/device-types"): {"reseller"},
    ("GET", f"{V}/domains"): OFFICE,
    ("POST", f"{V}/domains"): {"reseller"},
    ("PATCH", D): {"reseller"},
    ("GET", f"{D}/numbers"): OFFICE,
    ("POST", f"{D}/numbers"): {"reseller"},
    ("PATCH", f"{V}/numbers/{{number}}"): {"reseller"},
    ("GET", f"{D}/users"): OFFICE,
    ("POST", f"{D}/users"): OFFICE,
    ("PUT", f"{V}/users/{{user_id}}"): OFFICE,
    ("POST", f"{V}/users/{{user_id}}/password"): OFFICE,
    ("DELETE", f"{V}/users/{{user_id}}/password"): OFFICE,
    ("DELETE", f"{V}/users/{{user_id}}"): OFFICE,
    ("GET", f"{V}/usage"): OFFICE,
    ("GET", f"{V}/holds"): OFFICE,
    ("POST", f"{V}/holds"): OFFICE,
    ("POST", f"{V}/holds/lift"): OFFICE,
    ("GET", f"{V}/accounts"): OFFICE,
    ("GET", f"{D}/accounts"): OFFICE,
    ("POST", f"{V}/accounts"): {"reseller"},
    ("GET", A): OFFICE,
    ("PATCH", A): OFFICE,
    ("POST", f"{A}/enrolment-code"): OFFICE,
    ("POST", f"{A}/tokens"): OFFICE,
    ("DELETE", f"{A}/tokens/{{name}}"): OFFICE,
    ("DELETE", A): {"reseller"},
}
"""Written down a second time, so that an address that changes its rule, or has none, fails here."""

USER = {"name": "New One", "email": "new@clinic.example"}
NEW = {
    "domain": DOMAIN,
    "fax_number": "+12025550103",
    "primary_user": {"written": "1003"},
    "methods": ["email", "ata"],
    "ata": {"device_type": "Grandstream HT801", "serial": "00-AB"},
    "settings": {"notify": ["more@clinic.example"], "time_zone": "America/New_York", "retention_days": 90},
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", f"{V}/brand"): {"name": "N", "portal_host": HOST, "from_address": "fax@northwind.example"},
    ("POST", f"{V}/device-types"): {"device_type": "New type"},
    ("POST", f"{V}/domains"): {"name": "new.example"},
    ("PATCH", D): {"maximum": 7},
    ("POST", f"{D}/numbers"): {"numbers": ["+12025550191"]},
    ("PATCH", f"{V}/numbers/{{number}}"): {"treatment": "queue"},
    ("POST", f"{D}/users"): USER,
    ("PUT", f"{V}/users/{{user_id}}"): USER,
    ("POST", f"{V}/accounts"): NEW,
    ("PATCH", A): {"version": 1, "handling": "portal"},
    ("POST", f"{A}/enrolment-code"): {},
    ("POST", f"{A}/tokens"): {"name": "ehr"},
    ("POST", f"{V}/holds"): {"scope": f"domain:{DOMAIN}", "reason": "Case 2026-114"},
    ("POST", f"{V}/holds/lift"): {"scope": f"domain:{DOMAIN}"},
}


class Machines:
    """Clients of the API: one for each role, with a token of somebody who has it."""

    def __init__(self, world: Portal) -> None:
        self.world = world
        self.app = api(world.services)
        self.web = Wrapping(self.app, HttpMetrics(CollectorRegistry(), "portal_api"), broken)
        self.made: dict[str, MadeToken] = {}

    def client(self, token: str = "", peer: str = "192.0.2.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.web, raise_app_exceptions=False, client=(peer, 5000))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}", headers=headers)

    async def of(self, role: str, days: int | None = None) -> httpx.AsyncClient:
        (person,) = await self.world.services.people.known_by(EMAILS[role])
        made = await self.world.services.tokens.make(person, f"{role}-{days}", days)
        assert isinstance(made, MadeToken)
        self.made[role] = made
        return self.client(made.text)


@pytest.fixture
async def machines(tmp_path: Path) -> AsyncIterator[Machines]:
    async with portal(tmp_path) as world:
        yield Machines(world)


async def added(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post(f"{V}/accounts", json={**NEW, **fields})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def filled(client: httpx.AsyncClient) -> dict[str, str]:
    """What stands in the addresses."""
    account = (await added(client, fax_number="+12025550101", methods=["email"], ata=None))["account"]
    user = (await client.post(f"{V}/domains/{DOMAIN}/users", json={"name": "A", "email": "a@clinic.example"})).json()
    known = {"account_id": account["account_id"], "user_id": user["user_id"]}
    return {"domain": DOMAIN, "number": "+12025550105", "name": "ehr", **known}


async def asked(client: httpx.AsyncClient, route: tuple[str, str], stands: dict[str, str]) -> httpx.Response:
    method, path = route
    query = {"GET": {"fax_number": "+12025550101"}, "DELETE": {"version": "1"}}.get(method)
    return await client.request(method, path.format(**stands), params=query, json=BODIES.get(route))


def test_every_address_has_a_door(machines: Machines) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for route in machines.app.routes:
        if not isinstance(route, APIRoute) or route.path == "/problems/{code}":
            assert getattr(route, "path", "") in {"/problems/{code}", f"{V}/openapi.json"}
            continue
        (door,) = (one.call for one in route.dependant.dependencies if isinstance(one.call, Door))
        found |= {(method, route.path): set(door.roles) for method in route.methods or ()}
    assert found == WHO


@pytest.mark.parametrize("role", ["nobody", "cookie", "reseller", "manager", "user", "operator"])
async def test_each_role_may_what_its_rule_says(machines: Machines, role: str) -> None:
    stands = await filled(await machines.of("reseller", 1))
    client = await machines.of(role) if role in EMAILS else machines.client()
    if role == "cookie":
        client.cookies = (await machines.world.signed_in("reseller")).cookies
    statuses = {route: (await asked(client, route, stands)).status_code for route in WHO}
    wrong = {"nobody": 401, "cookie": 401}.get(role, 403)
    refused = {route for route, status in statuses.items() if status == wrong}
    assert refused == {route for route, roles in WHO.items() if role not in roles}
    assert {status for route, status in statuses.items() if route not in refused} <= {200, 201, 204, 404, 422}


async def test_another_reseller_finds_nothing_there(machines: Machines) -> None:
    stands = await filled(await machines.of("reseller"))
    rival = await machines.of("rival")
    for route in WHO:
        if "{" in route[1] or route in {("POST", f"{V}/accounts"), ("POST", f"{V}/holds"), ("POST", f"{V}/holds/lift")}:
            assert (await asked(rival, route, stands)).status_code == 404, route
    assert (await rival.get(f"{V}/accounts", params={"fax_number": "+12025550101"})).json()["accounts"] == []
    assert [one["name"] for one in (await rival.get(f"{V}/domains")).json()["domains"]] == [OTHER]


async def test_a_fax_account_from_its_domain_to_its_end(machines: Machines) -> None:
    client = await machines.of("reseller")
    assert (await client.post(f"{V}/domains", json={"name": "new.example", "maximum": 1})).status_code == 201
    added_numbers = await client.post(f"{V}/domains/new.example/numbers", json={"numbers": ["(202) 555-0177"]})
    assert added_numbers.json() == {"numbers": ["+12025550177"]}
    made = await added(
        client,
        domain="new.example",
        fax_number="+12025550177",
        primary_user={"name": "Ann", "email": "ann@new.example"},
    )
    account, address = made["account"], f"{V}/accounts/{made['account']['account_id']}"
    assert account["settings"]["notify"] == ["more@clinic.example"]
    assert (account["live"], account["primary_user"]["name"]) == ("becoming live", "Ann")
    assert len(made["secret"]["text"]) == 16
    machines.world.live.add(account["account_id"])
    assert (await client.get(address)).json()["live"] == "live"
    changed = await client.patch(address, json={"version": 1, "handling": "portal", "settings": {"header_text": "N"}})
    assert changed.json()["account"]["settings"] == {**account["settings"], "header_text": "N"}
    again = await client.patch(address, json={"version": 1, "handling": "portal"})
    assert [one["code"] for one in again.json()["errors"]] == ["account-changed"]
    token = (await client.post(f"{address}/tokens", json={"name": "ehr", "days": 30})).json()
    assert token["secret"]["text"].startswith("nfx_ehr_")
    assert (await client.delete(f"{address}/tokens/ehr")).json()["tokens"] == []
    code = (await client.post(f"{address}/enrolment-code", json={"days": 1})).json()
    assert code["secret"]["text"] != made["secret"]["text"]
    version = code["account"]["version"]
    assert (await client.delete(address, params={"version": version})).status_code == 204
    gone = (await client.get(f"{V}/accounts", params={"fax_number": "+12025550177"})).json()["accounts"]
    assert [(one["state"], one["quarantined_until"] is not None) for one in gone] == [("removed", True)]


async def test_what_can_be_mended_is_told_with_its_field_and_code(machines: Machines) -> None:
    client = await machines.of("reseller")
    answer = await client.post(f"{V}/accounts", json={**NEW, "fax_number": OTHER_NUMBER, "methods": []})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    told = {(one["where"], one["code"]) for one in answer.json()["errors"]}
    assert told == {("phone_number", "number-unknown"), ("methods", "no-method")}
    odd = await client.post(f"{V}/accounts", json={**NEW, "colour": "red"})
    assert (odd.json()["type"], odd.json()["errors"][0]["where"]) == ("/problems/invalid-request", "body.colour")
    broken_json = await client.post(f"{V}/accounts", content=b"{", headers={"Content-Type": "application/json"})
    assert broken_json.status_code == 400
    large = await client.post(f"{V}/accounts", content=b" " * 1_000_001)
    assert large.status_code == 413
    assert (await client.put(f"{V}/domains")).headers["allow"] == "GET, POST"
    assert (await client.get(f"{V}/nothing")).json()["type"] == "/problems/no-such-page"
    assert PROBLEMS["refused"].title in (await client.get("/problems/refused")).text


async def test_a_token_ends_with_its_days_its_revocation_and_its_owner(machines: Machines) -> None:
    world = machines.world
    lasting, short = await machines.of("manager"), await machines.of("manager", 1)
    assert [(await one.get(f"{V}/me")).status_code for one in (lasting, short)] == [200, 200]
    world.ticking.pass_(days=2)
    assert [(await one.get(f"{V}/me")).status_code for one in (lasting, short)] == [200, 401]
    (person,) = await world.services.people.known_by(EMAILS["manager"])
    (token,) = await world.services.tokens.of(person)
    assert token.used_at == world.ticking()
    await world.services.tokens.revoke(person, token.token_id)
    assert (await lasting.get(f"{V}/me")).status_code == 401
    reseller, other = await machines.of("reseller"), await machines.of("manager", 9)
    assert (await reseller.delete(f"{V}/users/{person.user_id}/password")).status_code == 204
    assert (await other.get(f"{V}/me")).status_code == 401


async def test_a_revoked_token_isnt_placed_again(machines: Machines) -> None:
    world = machines.world
    (person,) = await world.services.people.known_by(EMAILS["reseller"])
    assert await world.services.tokens.place(person, "cli", "0" * 64)
    (token,) = await world.services.tokens.of(person)
    await world.services.tokens.revoke(person, token.token_id)
    assert not await world.services.tokens.place(person, "cli", "0" * 64)
    assert await world.services.tokens.of(person) == ()


async def test_guesses_are_held_back_and_good_tokens_are_not(machines: Machines) -> None:
    good, guessing = await machines.of("reseller"), machines.client("nfp_guess_" + "0" * 64)
    statuses = [(await guessing.get(f"{V}/me")).status_code for _ in range(PER_NETWORK + 2)]
    assert statuses == [401] * PER_NETWORK + [429] * 2
    assert (await good.get(f"{V}/me")).status_code == 200
    elsewhere = machines.client("nfp_guess_" + "0" * 64, peer="198.51.100.1")
    assert (await elsewhere.get(f"{V}/me")).status_code == 401


async def test_what_a_token_does_is_in_the_audit_log_and_its_secrets_nowhere(machines: Machines) -> None:
    client = await machines.of("reseller")
    made = await added(client)
    account = made["account"]["account_id"]
    token = (await client.post(f"{V}/accounts/{account}/tokens", json={"name": "ehr"})).json()["secret"]["text"]
    secrets = {made["secret"]["text"], token, machines.made["reseller"].text}
    async with transaction(machines.world.engine) as connection:
        lines = [(row.name, row.what) for row in await connection.execute(select(AUDIT))]
        every = (*METADATA.sorted_tables, *tables.METADATA.sorted_tables)
        stored = "".join([str([tuple(row) for row in await connection.execute(select(one))]) for one in every])
    assert lines == [("Nora Wind", one) for one in ("api-token.made", "account.added", "token.made")]
    assert not any(one in stored for one in secrets)


def test_every_refusal_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "portal-api.md").read_text()
    for code, problem in PROBLEMS.items():
        assert f"| `{code}` | {problem.status} | {problem.title} | {problem.cure} |" in text


async def test_the_document_describes_every_address(machines: Machines) -> None:
    document = (await machines.client().get(f"{V}/openapi.json")).json()
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == set(WHO)
    assert set(document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]) == {
        f"/problems/{code}" for code in CODES
    }
