"""Who may ask for which page: every route for every role, forms of others, sessions, and guesses of passwords."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Route

from services._runtime.database import transaction
from services.portal.inventory.actors import Actor
from services.portal.inventory.jobs import JobResult
from services.portal.inventory.tables import ACCOUNTS, AUDIT, METADATA
from services.portal.inventory.tables import USERS as USER_ROWS
from services.portal.spoken import Spoken
from services.portal.web.gate import Gate
from services.portal.web.routes import PAGES
from services.portal.web.signing_in.signing import WRONG
from services.portal.web.signing_in.tables import SESSIONS
from services.portal.web.signing_in.throttle import PER_NETWORK, PER_PAIR
from tests.providers.faxes import received
from tests.providers.portal import DOMAIN, EMAILS, PASSWORD, Portal, form_token, portal, post

ALL = {"reseller", "manager", "user", "operator"}
OFFICE = {"reseller", "manager"}
READERS = {"reseller", "manager", "user"}
D = "/domains/{domain}"
F = "/fax/{fax}"
S = "/send/{draft}"
SENDERS = {"manager", "user"}

WHO: dict[tuple[str, str], set[str]] = {
    ("GET", "/"): ALL,
    ("GET", "/sign-in"): ALL | {"nobody"},
    ("POST", "/sign-in"): ALL | {"nobody"},
    ("POST", "/sign-out"): ALL,
    ("GET", "/password"): ALL,
    ("POST", "/password"): ALL,
    ("POST", "/language"): ALL,
    ("GET", "/tokens"): OFFICE,
    ("POST", "/tokens"): OFFICE,
    ("POST", "/tokens/{token}/revoke"): OFFICE,
    ("GET", "/faxes"): READERS,
    ("GET", "/faxes/received"): READERS,
    ("GET", "/faxes/live"): READERS,
    ("GET", "/faxes/sent"): READERS,
    ("GET", "/faxes/unclaimed"): OFFICE,
    ("GET", "/faxes/junk"): {"manager"},
    ("GET", F): READERS,
    ("GET", f"{F}/thumbnail"): READERS,
    ("GET", f"{F}/page/{{page}}"): READERS,
    ("GET", f"{F}/small/{{page}}"): READERS,
    ("GET", f"{F}/fax.pdf"): READERS,
    ("GET", f"{F}/fax.tif"): READERS,
    ("POST", f"{F}/again"): SENDERS,
    ("POST", f"{F}/forward"): SENDERS,
    ("POST", f"{F}/cancel"): SENDERS,
    ("GET", "/send"): SENDERS,
    ("POST", "/send"): SENDERS,
    ("GET", S): SENDERS,
    ("POST", S): SENDERS,
    ("POST", f"{S}/discard"): SENDERS,
    ("GET", f"{S}/preview"): SENDERS,
    ("GET", f"{S}/pages/{{number}}"): SENDERS,
    ("POST", f"{S}/now"): SENDERS,
    ("GET", f"{S}/sent"): SENDERS,
    ("GET", "/domains"): {"reseller"},
    ("POST", "/domains"): {"reseller"},
    ("GET", D): OFFICE,
    ("POST", f"{D}/maximum"): {"reseller"},
    ("GET", f"{D}/accounts"): OFFICE,
    ("POST", f"{D}/accounts"): {"reseller"},
    ("GET", f"{D}/accounts/live"): OFFICE,
    ("GET", f"{D}/accounts/{{account}}"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}/remove"): {"reseller"},
    ("POST", f"{D}/accounts/{{account}}/code"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}/lock-out"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}/settings"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}/tokens"): OFFICE,
    ("POST", f"{D}/accounts/{{account}}/tokens/revoke"): OFFICE,
    ("GET", f"{D}/numbers"): OFFICE,
    ("POST", f"{D}/numbers"): {"reseller"},
    ("POST", f"{D}/numbers/{{number}}"): {"reseller"},
    ("GET", f"{D}/devices"): OFFICE,
    ("GET", f"{D}/removed"): OFFICE,
    ("GET", f"{D}/users"): OFFICE,
    ("GET", f"{D}/users/find"): OFFICE,
    ("POST", f"{D}/users"): OFFICE,
    ("GET", f"{D}/users/{{user}}"): OFFICE,
    ("POST", f"{D}/users/{{user}}"): OFFICE,
    ("POST", f"{D}/users/{{user}}/password"): OFFICE,
    ("POST", f"{D}/users/{{user}}/no-password"): OFFICE,
    ("POST", f"{D}/users/{{user}}/remove"): OFFICE,
    ("GET", f"{D}/import"): {"reseller"},
    ("POST", f"{D}/import"): {"reseller"},
    ("GET", f"{D}/move"): {"reseller"},
    ("POST", f"{D}/move"): {"reseller"},
    ("GET", f"{D}/reassign"): OFFICE,
    ("POST", f"{D}/reassign"): OFFICE,
    ("GET", f"{D}/jobs/{{job}}"): OFFICE,
    ("POST", f"{D}/jobs/{{job}}"): OFFICE,
    ("GET", f"{D}/jobs/{{job}}/progress"): OFFICE,
    ("GET", f"{D}/jobs/{{job}}/refused.csv"): OFFICE,
    ("POST", f"{D}/jobs/{{job}}/codes"): OFFICE,
    ("GET", f"{D}/import/template.csv"): {"reseller"},
    ("GET", f"{D}/export.csv"): {"reseller"},
    ("GET", f"{F}/release"): READERS,
    ("POST", f"{F}/release"): READERS,
    ("GET", f"{F}/mail"): SENDERS,
    ("POST", f"{F}/mail"): SENDERS,
    ("GET", f"{F}/delete"): SENDERS,
    ("POST", f"{F}/delete"): SENDERS,
    ("GET", f"{F}/hold"): OFFICE,
    ("POST", f"{F}/hold"): OFFICE,
    ("POST", f"{F}/hold/lift"): OFFICE,
    ("GET", f"{D}/holds"): OFFICE,
    ("POST", f"{D}/holds"): OFFICE,
    ("POST", f"{D}/holds/lift"): OFFICE,
    ("GET", f"{D}/usage"): OFFICE,
    ("GET", f"{D}/usage.csv"): OFFICE,
    ("GET", "/usage"): {"reseller"},
    ("GET", "/usage.csv"): {"reseller"},
    ("GET", f"{D}/audit"): OFFICE,
    ("GET", "/audit"): {"reseller"},
    ("GET", "/logos/{digest}.png"): ALL | {"nobody"},
    ("GET", "/brand"): {"reseller"},
    ("POST", "/brand"): {"reseller"},
    ("POST", "/brand/device-types"): {"reseller"},
    ("POST", "/brand/device-types/remove"): {"reseller"},
    ("GET", "/numbers"): {"user"},
    ("GET", "/operations"): {"operator"},
    ("GET", "/operations/dead-letters"): {"operator"},
    ("POST", "/operations/dead-letters"): {"operator"},
    ("GET", "/operations/dead-letters/{topic}/{offset}"): {"operator"},
    ("GET", "/operations/retention"): {"operator"},
    ("GET", "/operations/holds"): {"operator"},
    ("POST", "/operations/holds"): {"operator"},
    ("GET", "/operations/held-back"): {"operator"},
}
"""Written down a second time, so that a route that changes its rule, or has none, fails here."""


PDF = Path(__file__).parents[1] / "data" / "submitted" / "letter.pdf"
LOGO = "0" * 64
PAGES_OF_A_FAX = {f"{F}/{one}" for one in ("thumbnail", "page/{page}", "small/{page}", "fax.pdf", "fax.tif")}
"""What shows a fax's pages: a reseller may ask for those of unclaimed faxes only."""
OF_SENT = {f"{F}/again", f"{F}/cancel", f"{S}/pages/{{number}}"}
"""Of a sent fax, or of a draft whose pages are made: those here are neither."""
NOT_NOW = {f"{F}/release", f"{F}/hold/lift", f"{D}/holds/lift"}
"""Of a fax that was set aside, or of a hold: those here are neither."""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


def test_every_route_has_a_rule() -> None:
    assert {(page.method, page.path) for page in PAGES} == WHO.keys()
    assert len(PAGES) == len(WHO)
    for page in PAGES:
        who = set(page.rule) if page.rule is not None else ALL | {"nobody"}
        assert who == WHO[page.method, page.path], page.path


async def test_no_route_is_beside_the_table(site: Portal) -> None:
    assert isinstance(site.app, Spoken)
    assert isinstance(site.app.app, Starlette)
    known = {(page.method, page.path) for page in PAGES}
    for route in site.app.app.routes:
        assert isinstance(route, Route)
        if route.path == "/static/{hashed}/{name}":
            continue
        gate = getattr(route.endpoint, "__self__", None)
        assert isinstance(gate, Gate), route.path
        assert any((method, route.path) in known for method in route.methods or ())


async def _filled(site: Portal) -> dict[str, str]:
    """What stands in the addresses: an account, a user, a number of the domain."""
    reseller = await site.signed_in("reseller")
    made = await _add(reseller, phone_number="+12025550101")
    assert made.status_code == 303
    async with transaction(site.engine) as connection:
        user = await connection.scalar(select(USER_ROWS.c.user_id).where(USER_ROWS.c.extension == "1004"))
    account = made.headers["location"].rpartition("=")[2]
    fax = await site.stored.put("accepted", "routed", account_id=account, documents=received(PDF.read_bytes()))
    await site.stored.blobs.put(f"logos/{LOGO}.png", b"\x89PNG", "image/png")
    owner = Actor("owner", "Nora Wind", "reseller", "reseller")
    job = await site.services.inventory.jobs.ask(owner, "reassign", DOMAIN, b"{}", JobResult())
    return {
        "domain": DOMAIN,
        "account": account,
        "job": job,
        "user": str(user),
        "number": "+12025550105",
        "page": "1",
        "fax": str(fax),
        "token": "none",
        "draft": "none",
        "digest": LOGO,
        "topic": "email-requested",
        "offset": "17",
    }


async def _add(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    form = {"primary_user": "1003", "methods": ["email", "portal"], "handling": "portal", **fields}
    return await post(client, f"/domains/{DOMAIN}/accounts", **form)


@pytest.mark.parametrize("role", ["nobody", "reseller", "manager", "user", "operator"])
async def test_each_role_sees_only_its_pages(site: Portal, role: str) -> None:
    stands = await _filled(site)
    client = site.client() if role == "nobody" else await site.signed_in(role)
    if role in OFFICE:
        (person,) = await site.services.people.known_by(EMAILS[role])
        await site.services.tokens.make(person, "program")
        (token,) = await site.services.tokens.of(person)
        stands["token"] = token.token_id
    if role in SENDERS and site.services.sending:
        (person,) = await site.services.people.known_by(EMAILS[role])
        stands["draft"] = str((await site.services.sending.drafts.begin(person.user_id)).draft_id)
    last = {"/sign-in": 1, "/sign-out": 2, f"{S}/discard": 1}
    of_form = form_token((await client.get("/password", follow_redirects=True)).text)
    wrong = []
    for page in sorted(PAGES, key=lambda one: last.get(one.path, 0)):
        path = page.path.format(**stands)
        answer = await _asked(client, page.method, path, of_form)
        if role in WHO[page.method, page.path]:
            to_sign_in = answer.headers.get("location", "").startswith("/sign-in") and path != "/sign-out"
            closed = {404} if role == "reseller" and page.path in PAGES_OF_A_FAX else set()
            closed |= {404} if page.path in OF_SENT | NOT_NOW else set()
            closed |= {404} if (page.method, page.path) == ("POST", "/operations/dead-letters") else set()
            fine = answer.status_code in (closed or {200, 204, 303, 401, 422}) and not to_sign_in
        elif role == "nobody":
            fine = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        else:
            fine = answer.status_code == 403
        if not fine:
            wrong.append((page.method, page.path, answer.status_code))
    assert wrong == []


async def _asked(client: httpx.AsyncClient, method: str, path: str, token: str) -> httpx.Response:
    return await (client.get(path) if method == "GET" else client.post(path, data={"form_token": token}))


async def test_another_reseller_finds_nothing_there(site: Portal) -> None:
    stands = await _filled(site)
    rival = await site.signed_in("rival")
    token = form_token((await rival.get("/password")).text)
    before = await _everything(site)
    for page in PAGES:
        if not page.path.startswith((D, F)):
            continue
        answer = await _asked(rival, page.method, page.path.format(**stands), token)
        closed = answer.status_code == 403 and "reseller" not in WHO[page.method, page.path]
        hidden = closed or answer.status_code == 404 or answer.headers.get("location") == f"/domains/{DOMAIN}/accounts"
        told_before_asking = answer.status_code == 422 and page.path.endswith(("/maximum", "/accounts"))
        assert hidden or told_before_asking, (page.method, page.path, answer.status_code)
        assert "Okafor" not in answer.text
        assert "+1 202-555-0101" not in answer.text
    assert await _everything(site) == before


async def test_an_address_that_mixes_two_domains_leads_nowhere(site: Portal) -> None:
    """An account or user of one domain, named below another of the same reseller."""
    stands = await _filled(site)
    reseller = await site.signed_in("reseller")
    await post(reseller, "/domains", name="second.example", maximum="1", region="US")
    for path in (f"accounts/{stands['account']}", f"accounts/{stands['account']}/remove"):
        assert (await post(reseller, f"/domains/second.example/{path}", version="1")).status_code == 404
    assert (await post(reseller, f"/domains/second.example/users/{stands['user']}/password")).status_code == 404


async def _everything(site: Portal) -> dict[str, int]:
    async with transaction(site.engine) as connection:
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({}, ""),
        ({}, "0" * 64),
        ({}, "ümlaut"),
        ({"Origin": "https://evil.example"}, "right"),
        ({"Origin": "null"}, "right"),
        ({"Sec-Fetch-Site": "cross-site"}, "right"),
        ({"Sec-Fetch-Site": "same-site"}, "right"),
    ],
)
async def test_a_form_of_somebody_else_changes_nothing(
    site: Portal, headers: dict[str, str], token: str | None
) -> None:
    client = await site.signed_in("reseller")
    right = form_token((await client.get("/password")).text)
    before = await _everything(site)
    for page in PAGES:
        if page.method == "POST":
            path = page.path.format(
                domain=DOMAIN, account="x", user="y", number="+12025550105", token="z", fax="z", draft="z", job="z"
            )
            data = {
                "name": "evil.example",
                **({} if token is None else {"form_token": right if token == "right" else token}),
            }
            answer = await client.post(path, data=data, headers=headers)
            assert answer.status_code == 403, path
    assert await _everything(site) == before


async def test_our_own_page_may_name_itself(site: Portal) -> None:
    client = await site.signed_in("reseller")
    token = form_token((await client.get("/password")).text)
    headers = {"Origin": "https://portal.reseller.example", "Sec-Fetch-Site": "same-origin"}
    answer = await client.post("/domains", data={"form_token": token, "name": "new.example"}, headers=headers)
    assert answer.status_code == 303


async def test_a_token_is_of_one_session(site: Portal) -> None:
    one, other = await site.signed_in("reseller"), await site.signed_in("reseller")
    token = form_token((await one.get("/password")).text)
    assert (await other.post("/domains", data={"form_token": token, "name": "new.example"})).status_code == 403


async def test_a_planted_session_is_not_the_one_that_begins(site: Portal) -> None:
    client = site.client()
    client.cookies.set("__Host-portal", "planted", domain="portal.reseller.example")
    answer = await post(client, "/sign-in", email=EMAILS["reseller"], password=PASSWORD)
    cookie = re.search(r"__Host-portal=([^;]+);(.*)", answer.headers["set-cookie"])
    assert cookie
    assert len(cookie.group(1)) == 43
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {
        one.strip() for one in cookie.group(2).split(",")[0].split(";")
    }
    planted = site.client()
    planted.cookies.set("__Host-portal", "planted", domain="portal.reseller.example")
    assert (await planted.get("/domains")).status_code == 303


async def test_signing_in_again_ends_the_session_before(site: Portal) -> None:
    client = await site.signed_in("reseller")
    before = client.cookies["__Host-portal"]
    token = form_token((await client.get("/password")).text)
    fields = {"form_token": token, "email": EMAILS["manager"], "password": PASSWORD}
    assert (await client.post("/sign-in", data=fields)).status_code == 303
    old = site.client()
    old.cookies.set("__Host-portal", before, domain="portal.reseller.example")
    assert (await old.get("/domains")).status_code == 303


async def test_the_cookie_is_stored_nowhere(site: Portal) -> None:
    client = await site.signed_in("reseller")
    async with transaction(site.engine) as connection:
        rows = [tuple(row) for row in await connection.execute(select(SESSIONS))]
    assert len(rows) == 1
    assert client.cookies["__Host-portal"] not in str(rows)


async def test_a_session_that_is_not_used_ends(site: Portal) -> None:
    client = await site.signed_in("reseller")
    site.ticking.pass_(minutes=61)
    assert (await client.get("/domains")).status_code == 303


async def test_a_session_that_is_used_ends_all_the_same(site: Portal) -> None:
    """Twelve hours are eighteen times forty minutes."""
    client = await site.signed_in("reseller")
    statuses = []
    for _ in range(20):
        site.ticking.pass_(minutes=40)
        statuses.append((await client.get("/domains")).status_code)
    assert statuses == [200] * 18 + [303] * 2


async def test_signing_out_ends_it_on_the_server(site: Portal) -> None:
    client = await site.signed_in("user")
    cookie = client.cookies["__Host-portal"]
    await post(client, "/sign-out")
    again = site.client()
    again.cookies.set("__Host-portal", cookie, domain="portal.reseller.example")
    assert (await again.get("/numbers")).status_code == 303


async def test_guesses_are_held_back_and_all_look_alike(site: Portal) -> None:
    client = site.client()
    answers = [
        await post(client, "/sign-in", page="/sign-in", email=EMAILS["manager"], password=f"wrong {n}")
        for n in range(PER_PAIR)
    ]
    right = await post(client, "/sign-in", page="/sign-in", email=EMAILS["manager"], password=PASSWORD)
    nobody = await post(client, "/sign-in", page="/sign-in", email="nobody@clinic.example", password=PASSWORD)
    assert {one.status_code for one in (*answers, right, nobody)} == {401}
    assert all(WRONG in one.text for one in (*answers, right, nobody))
    assert len({_without_email(one.text) for one in (*answers, right, nobody)}) == 1
    elsewhere = await post(
        site.client("192.0.2.9"), "/sign-in", page="/sign-in", email=EMAILS["reseller"], password=PASSWORD
    )
    assert elsewhere.status_code == 303, "others sign in as ever"
    site.ticking.pass_(minutes=16)
    later = await post(client, "/sign-in", page="/sign-in", email=EMAILS["manager"], password=PASSWORD)
    assert later.status_code == 303


async def test_one_network_can_not_guess_at_many_accounts(site: Portal) -> None:
    client = site.client()
    for n in range(PER_NETWORK):
        await post(client, "/sign-in", page="/sign-in", email=f"user{n}@clinic.example", password="a" * 12)
    held = await post(client, "/sign-in", page="/sign-in", email=EMAILS["user"], password=PASSWORD)
    assert held.status_code == 401
    other = await post(
        site.client("198.51.100.2"), "/sign-in", page="/sign-in", email=EMAILS["user"], password=PASSWORD
    )
    assert other.status_code == 303


def _without_email(page: str) -> str:
    page = re.sub(r"[\w.]+@[\w.]+", "", page)
    return re.sub(r'(nonce="|form_token" value="|nonce-)[\w-]+', "", page)


async def test_a_first_password_must_be_changed_and_a_taken_one_signs_out(site: Portal) -> None:
    stands = await _filled(site)
    manager = await site.signed_in("manager")
    page = await post(manager, f"/domains/{DOMAIN}/users/{stands['user']}/password", page=f"/domains/{DOMAIN}/users")
    found = re.search(r'id="secret">([0-9a-f-]+)<', page.text)
    assert found
    user = site.client()
    first = await post(user, "/sign-in", email="records@clinic.example", password=found.group(1))
    assert first.status_code == 303
    asked = await user.get("/numbers")
    assert asked.headers["location"] == "/password?next=/numbers"
    assert 'name="next" value="/numbers"' in (await user.get(asked.headers["location"])).text
    fields = {"old": found.group(1), "password": "a longer password", "again": "a longer password"}
    evil = await post(user, "/password", next="//evil.example", **fields)
    assert evil.headers["location"] == "/faxes/received"
    fields |= {"old": "a longer password"}
    assert (await post(user, "/password", next="/numbers", **fields)).headers["location"] == "/numbers"
    assert (await user.get("/numbers")).status_code == 200
    await post(manager, f"/domains/{DOMAIN}/users/{stands['user']}/no-password")
    assert (await user.get("/numbers")).status_code == 303
    async with transaction(site.engine) as connection:
        told = set(await connection.scalars(select(AUDIT.c.what)))
    assert {"user.sign-in-given", "user.sign-in-ended"} <= told


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_signing_in_leads_to_a_page_of_ours(site: Portal, wanted: str) -> None:
    answer = await post(site.client(), "/sign-in", email=EMAILS["user"], password=PASSWORD, next=wanted)
    assert answer.headers["location"] == "/faxes/received"


async def test_every_page_is_private_and_runs_nothing_of_others(site: Portal) -> None:
    stands = await _filled(site)
    for role in ("reseller", "manager", "user", "operator"):
        client = await site.signed_in(role)
        for page in PAGES:
            if page.method == "POST":
                continue
            answer = await client.get(page.path.format(**stands))
            if answer.status_code == 303 or "csv" in page.path or page.path.startswith("/logos/"):
                continue
            headers = answer.headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Frame-Options"] == "DENY"
            if "html" not in headers.get("Content-Type", ""):
                continue
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)
            assert nonce
            assert all(nonce.group(1) in tag for tag in re.findall(r"<(?:script|style)[^>]*>", answer.text))
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
            assert not re.search(r"<[^>]+ (?:style|on\w+)=", answer.text)
            # nobody but the brand is named; dead letters, which only operators see, name the kinds of events
            assert role == "operator" or "native" not in answer.text.lower()


async def test_a_style_sheet_is_kept_for_good_and_an_old_one_is_not(site: Portal) -> None:
    client = site.client()
    address = re.findall(r'href="(/static/[^"]+portal.css)"', (await client.get("/sign-in")).text)[0]
    kept = await client.get(address)
    assert "immutable" in kept.headers["Cache-Control"]
    assert (await client.get("/static/0000000000000000/portal.css")).headers["Cache-Control"] == "no-store"
    assert (await client.get("/static/0000000000000000/routes.py")).status_code == 404


async def test_a_strangers_form_is_small(site: Portal) -> None:
    client = site.client()
    token = form_token((await client.get("/sign-in")).text)
    answer = await client.post("/sign-in", data={"form_token": token, "email": "a" * 70_000})
    assert answer.status_code == 413


async def test_a_day_at_either_end_of_the_calendar_is_none_to_look_for(site: Portal) -> None:
    client = await site.signed_in("manager")
    client.cookies.set("portal-zone", "Asia/Tokyo")
    for first, last in (("0001-01-01", ""), ("", "9999-12-31")):
        for page, begins, ends in (
            ("/faxes/received", "from", "to"),
            (f"/domains/{DOMAIN}/audit", "since", "until"),
        ):
            assert (await client.get(page, params={begins: first, ends: last})).status_code == 200
        usage = await client.get(f"/domains/{DOMAIN}/usage", params={"from": (first or last)[:7]})
        assert usage.status_code == 422


async def test_what_is_typed_runs_nowhere(site: Portal) -> None:
    client = await site.signed_in("reseller")
    bad = "<script>alert(1)</script>\"'>"
    answer = await _add(client, phone_number=bad, primary_user=bad, handling=bad, device_type=bad, serial=bad)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    async with transaction(site.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(ACCOUNTS)) == 0


async def test_a_reseller_without_a_brand_is_told_what_to_do_first(site: Portal) -> None:
    client = await site.signed_in("rival")
    answer = await post(client, "/domains/rival.example/accounts", phone_number="+12025550190", methods="email")
    assert answer.status_code == 422
    assert "Set it on the page Brand" in answer.text


async def test_a_domains_name_fits_into_an_address(site: Portal) -> None:
    client = await site.signed_in("reseller")
    assert (await post(client, "/domains", name="a/b")).status_code == 422
    made = await post(client, "/domains", name="Müller & Söhne? 50% #1")
    assert (await client.get(made.headers["location"])).status_code == 200
