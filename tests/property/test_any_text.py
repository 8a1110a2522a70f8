"""Whatever text stands in an address, a form or JSON: it is taken, or refused in words; it is never a fault of ours."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry

from services._runtime.wrapping import HttpMetrics, Wrapping
from services.portal.api import given
from services.portal.api.application import api
from services.portal.api.problems import broken
from services.portal.inventory.actors import Actor
from services.portal.inventory.files import Files
from services.portal.web.routes import PAGES, Page
from services.portal.web.signing_in.tokens import MadeToken
from tests.providers.portal import DOMAIN, EMAILS, HOST, Portal, form_token, portal

NUL, HALF = "a\0b", "a\ud800b"
ODD = ("\u202eexe.pdf", "a" * 9_000, "9" * 40, "\U0001f4e0\x07\x1b[31m", "\u2028' OR 1=1 --")
NAMES = sorted(
    {
        name
        for file in (Path(given.__file__).parents[1] / "web" / "templates").glob("*.html")
        for name in re.findall(r"""(?: name="|text\(")([a-z_]+)["]""", file.read_text())
    }
    - {"form_token"}
)
"""Every field of every form."""

ASKED = ("q", "after", "account", "domain", "number", "state", "from", "who", "subject", "before", "topic", "next")
"""What addresses ask for."""

STANDS = {"domain": DOMAIN, "number": "+12025550105", "page": "1", "digest": "0" * 64, "offset": "1"}
REFUSALS = {401, 403, 404, 409, 422}
OFFICE = {"reseller", "manager"}
ASKING = [one for one in PAGES if one.rule and OFFICE & one.rule and one.path not in {"/sign-out", "/faxes/live"}]
"""Pages of those who may the most; not the one that ends their session, nor the one that never ends."""


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


@pytest.fixture
async def strict(postgres_url: str, tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path, database=postgres_url) as made:
        yield made


def test_every_field_is_known() -> None:
    assert {"reason", "phone_number", "serial", "cover_text", "email", "header_text"} <= set(NAMES)


async def test_no_page_fails_on_odd_text(plain: Portal) -> None:
    browsers = await _browsers(plain)
    wrong = []
    for at, page in enumerate(one for one in ASKING if one.method == "POST" or "{" not in one.path):
        client, token = browsers["reseller" if "reseller" in (page.rule or ()) else "manager"]
        path, text = page.path.format_map(_Standing(STANDS, "x")), ODD[at % len(ODD)]
        answer = await _asked(client, page, path, text, token)
        fine = answer.status_code in REFUSALS | {200, 303}
        wrong += [] if fine else [(page.method, page.path, text[:9], answer.status_code)]
    assert wrong == []


async def test_what_no_text_has_is_refused_by_every_page(strict: Portal) -> None:
    browsers = await _browsers(strict)
    wrong = []
    for page in ASKING:
        client, token = browsers["reseller" if "reseller" in (page.rule or ()) else "manager"]
        path = page.path.format_map(_Standing(STANDS, "x"))
        answers = [await _asked(client, page, path, NUL, token)]
        if "{" in page.path:
            answers.append(await _asked(client, page, page.path.format_map(_Standing({}, "%00")), "", token))
        if [one.status_code for one in answers if one.status_code != 400 or "Nothing was changed" not in one.text]:
            wrong.append((page.method, page.path))
    assert wrong == []


async def _browsers(site: Portal) -> dict[str, tuple[httpx.AsyncClient, str]]:
    """Somebody of each role, with the token of their forms."""
    found = {}
    for role in ("reseller", "manager"):
        client = await site.signed_in(role)
        found[role] = client, form_token((await client.get("/password")).text)
    return found


async def _asked(client: httpx.AsyncClient, page: Page, path: str, text: str, token: str) -> httpx.Response:
    if page.method == "GET":
        return await client.get(path, params=dict.fromkeys(ASKED, text[:3000]))
    return await client.post(path, data={**dict.fromkeys(NAMES, text), "form_token": token})


async def test_a_form_that_names_an_encoding_is_read_or_refused(plain: Portal) -> None:
    client = await plain.signed_in("reseller")
    token = form_token((await client.get("/password")).text)
    for encoding, name in (("unicode_escape", b"a\\u0000"), ("raw_unicode_escape", b"\\ud800"), ("punycode", b"\xff")):
        parts = ((b"form_token", token.encode()), (b"name", name))
        body = b"".join(b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % one for one in parts)
        kind = f"multipart/form-data; boundary=x; charset={encoding}"
        answer = await client.post("/domains", content=body + b"--x--\r\n", headers={"Content-Type": kind})
        assert answer.status_code in {400, 403}, (encoding, answer.status_code)


async def test_no_address_of_the_api_fails_on_any_text(strict: Portal) -> None:
    site = strict
    (person,) = await site.services.people.known_by(EMAILS["reseller"])
    made = await site.services.tokens.make(person, "program")
    assert isinstance(made, MadeToken)
    app = api(site.services)
    web = Wrapping(app, HttpMetrics(CollectorRegistry(), "portal_api"), broken)
    transport = httpx.ASGITransport(web, raise_app_exceptions=False)
    wrong: list[tuple[object, ...]] = []
    headers = {"Authorization": f"Bearer {made.text}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}", headers=headers) as client:
        for at, route in enumerate(one for one in app.routes if isinstance(one, APIRoute)):
            path, method = route.path.format_map(_Standing(STANDS, "x")), min(route.methods or ())
            for text in (NUL, HALF, ODD[at % len(ODD)]):
                answer = await client.request(method, path, content=_json(route, text))
                wrong += [(method, path, text[:9], answer.status_code)] if answer.status_code >= 500 else []
                if text is not NUL:
                    continue
                for odd in (route.path.format_map(_Standing({}, "%00")), f"{path}?query=%00&after=%00"):
                    answer = await client.request(method, odd)
                    wrong += [(method, odd, answer.status_code)] if answer.status_code != 400 and "%00" in odd else []
        for deep in (b"[" * 900 + b"]" * 900, b"[" * 100_000):
            body = b'{"version": 1, "settings": {"notify": %b}}' % deep
            answer = await client.patch("/api/v1/accounts/x", content=body)
            wrong += [("deep", answer.status_code)] if answer.status_code >= 500 else []
    assert wrong == []


async def test_a_file_with_any_text_is_read_or_refused(plain: Portal) -> None:
    files, owner = Files(plain.services.inventory.lists.store), Actor("owner", "Nora Wind", "reseller", "reseller")
    for text in (NUL, *ODD):
        row = ",".join(f'"{text}"' for _ in range(5))
        sheet = f"Phone Number,Enabled Methods,Inbound Fax Handling,Name,Email\n{row}\n"
        done = await files.import_csv(owner, DOMAIN, sheet.encode(), "good-rows")
        assert not done.written
        assert done.refused


class _Standing(dict[str, str]):
    """What stands in an address: what is known, or the same everywhere."""

    def __init__(self, known: dict[str, str], other: str) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, _: str) -> str:
        return self._other


def _json(route: APIRoute, text: str) -> bytes:
    """A body with `text` in every field, and as the name of one."""
    model = route.body_field.field_info.annotation if route.body_field else None
    fields: dict[str, Any] = dict.fromkeys(getattr(model, "model_fields", {}), text)
    nested = {**fields, "settings": {"header_text": text, text: text}, "primary_user": {"written": text}, text: text}
    return json.dumps(nested if fields else {}).encode()
