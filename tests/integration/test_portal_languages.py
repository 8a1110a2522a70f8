"""The language of a visit: somebody's own choice, their browser's, their reseller's; and that one can choose."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from babel import Locale
from sqlalchemy import select

from services._runtime.database import transaction
from services._runtime.languages import Languages
from services._runtime.translating import ENGLISH, Language
from services.portal.web.signing_in.tables import CHOSEN_LANGUAGES
from tests.providers.portal import BRAND, DOMAIN, Portal, portal, post

OFFERED = Languages((Language("de", Locale("de")), ENGLISH, Language("he", Locale("he"))))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path, languages=OFFERED) as made:
        yield made


async def spoken(client: httpx.AsyncClient, path: str = "/password") -> tuple[str, str]:
    """The language of a page, and the one that its foot says was chosen."""
    page = (await client.get(path)).text
    found = re.search(r'<html lang="([^"]+)" dir="(ltr|rtl)">', page)
    chosen = re.search(r'<option value="([^"]*)"[^>]* selected>', page.partition("<footer>")[2])
    assert found
    assert found.group(2) == ("rtl" if found.group(1) == "he" else "ltr")
    return found.group(1), chosen.group(1) if chosen else ""


@pytest.mark.parametrize("role", ["reseller", "manager", "user", "operator"])
async def test_everybody_may_choose_and_keeps_their_choice(site: Portal, role: str) -> None:
    client = await site.signed_in(role)
    client.headers["Accept-Language"] = "de-AT"
    assert await spoken(client) == ("de", "")
    chosen = await post(client, "/language", language="he", next="/password")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/password")
    assert await spoken(client) == ("he", "he")
    again = await site.signed_in(role)
    assert await spoken(again) == ("he", "he"), "on another device"
    assert (await post(client, "/language", language="en")).status_code == 303
    assert await spoken(client) == ("en", "en")
    assert (await post(client, "/language", language="")).status_code == 303
    assert await spoken(client) == ("de", ""), "the browser's again"


async def test_what_is_not_offered_is_not_chosen(site: Portal) -> None:
    client = await site.signed_in("user")
    assert (await post(client, "/language", language="tlh")).status_code == 404
    foreign = await post(client, "/language", language="de", next="//evil.example/")
    assert foreign.headers["location"] == "/faxes/received"
    async with transaction(site.engine) as connection:
        rows = (await connection.execute(select(CHOSEN_LANGUAGES))).all()
    assert [one.language for one in rows] == ["de"]


async def test_a_language_that_is_taken_away_is_spoken_no_more(site: Portal) -> None:
    client = await site.signed_in("user")
    await post(client, "/language", language="he")
    object.__setattr__(site.services, "languages", Languages((ENGLISH, OFFERED.offered[0])))
    assert await spoken(client) == ("en", "")


async def test_a_reseller_chooses_for_those_whose_browser_says_nothing(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    assert await spoken(reseller) == ("en", "")
    fields = {one: getattr(BRAND, one) for one in ("name", "colour", "portal_host", "from_address", "support")}
    assert (await post(reseller, "/brand", language="tlh!", **fields)).status_code == 422
    assert (await post(reseller, "/brand", language="de", **fields)).status_code == 303
    page = (await reseller.get("/brand")).text
    assert '<option value="de" lang="de" selected>Deutsch</option>' in page
    assert await spoken(await site.signed_in("user")) == ("de", "")
    assert await spoken(site.client(), "/sign-in") == ("de", ""), "by the host"
    browser = site.client()
    browser.headers["Accept-Language"] = "en-GB"
    assert await spoken(browser, "/sign-in") == ("en", "")


async def test_faults_are_in_the_same_language(site: Portal) -> None:
    client = await site.signed_in("manager")
    await post(client, "/language", language="he")
    for path in ("/nothing", f"/domains/{DOMAIN}/nothing", "/brand", "/fax/none"):
        assert (await client.get(path)).status_code in {403, 404}
    assert await spoken(client, "/brand") == ("he", "he")
    client.headers["Accept-Language"] = "de"
    assert await spoken(client, "/nothing") == ("de", ""), "a page that is none knows nobody"


async def test_where_there_is_one_language_nothing_is_asked(tmp_path: Path) -> None:
    async with portal(tmp_path) as site:
        client = await site.signed_in("manager")
        client.headers["Accept-Language"] = "de"
        page = (await client.get("/password")).text
        assert 'name="language"' not in page
        assert '<html lang="en" dir="ltr">' in page
