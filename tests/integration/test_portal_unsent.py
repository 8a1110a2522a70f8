"""A form whose session ended while somebody filled it in: nothing typed is lost, and nobody else's is taken."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.providers.portal import DOMAIN, EMAILS, HOST, PASSWORD, Portal, form_token, portal

USERS = f"/domains/{DOMAIN}/users"
TYPED = {"name": "Zoë “Q” &lt; Neil", "email": "zoe@clinic.example", "extension": "1010", "role": "user"}
FROM_OURS = {"Origin": f"https://{HOST}"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as site:
        yield site


async def _filled_in(site: Portal) -> tuple[httpx.AsyncClient, dict[str, str]]:
    client = await site.signed_in("manager")
    return client, {"form_token": form_token((await client.get(USERS)).text), **TYPED}


def _hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in fields}


async def test_who_signs_in_again_goes_on_with_what_they_typed(site: Portal) -> None:
    client, form = await _filled_in(site)
    site.ticking.pass_(minutes=61)
    over = await client.post(USERS, data=form, headers=FROM_OURS)
    assert over.status_code == 401
    assert "What you typed is kept" in over.text
    wrong = await client.post("/sign-in", data=_hidden(over.text) | {"email": EMAILS["manager"], "password": "no"})
    signed_in = await client.post(
        "/sign-in",
        data=_hidden(wrong.text) | {"email": EMAILS["manager"], "password": PASSWORD},
        files={"": b""},  # as the page sends it: multipart/form-data
    )
    assert f'action="{USERS}"' in signed_in.text
    kept = _hidden(signed_in.text)
    assert TYPED.items() <= kept.items()
    assert (await client.post(USERS, data=kept, headers=FROM_OURS)).status_code == 303
    assert "zoe@clinic.example" in (await client.get(USERS)).text


async def test_a_form_from_before_another_sign_in_is_sent_when_told_to(site: Portal) -> None:
    client, form = await _filled_in(site)
    at_sign_in = {"form_token": form["form_token"], "email": EMAILS["manager"], "password": PASSWORD}
    await client.post("/sign-in", data=at_sign_in)
    assert "zoe@" not in (await client.post(USERS, data=form)).text  # from a page of ours, says nobody
    refused = await client.post(USERS, data=form, headers=FROM_OURS)
    assert refused.status_code == 403
    assert "zoe@clinic.example" not in (await client.get(USERS)).text
    assert (await client.post(USERS, data=_hidden(refused.text), headers=FROM_OURS)).status_code == 303


@pytest.mark.parametrize(
    ("path", "fields", "headers"),
    [
        pytest.param(USERS, {"form_token": "0" * 64}, FROM_OURS, id="no page of that session"),
        pytest.param(USERS, {}, {"Origin": "https://evil.example"}, id="a page of another site"),
        pytest.param(USERS, {"name": "x" * 30_000}, FROM_OURS, id="too much to keep"),
        pytest.param("/password", {"password": "correct horse"}, FROM_OURS, id="a password"),
    ],
)
async def test_what_is_not_kept_leads_to_the_sign_in(
    site: Portal, path: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    client, form = await _filled_in(site)
    site.ticking.pass_(minutes=61)
    answer = await client.post(path, data=form | fields, headers=headers | {"Referer": f"https://{HOST}{USERS}"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={USERS}"


async def test_files_are_added_again(site: Portal) -> None:
    client, form = await _filled_in(site)
    site.ticking.pass_(minutes=61)
    over = await client.post("/send", data=form, files={"files": ("a.txt", b"hello")}, headers=FROM_OURS)
    given = _hidden(over.text) | {"email": EMAILS["manager"], "password": PASSWORD}
    assert "be kept: add them again" in (await client.post("/sign-in", data=given)).text
