"""An account's page: its optional settings, its tokens, and its adapter. What is refused is still there to mend."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services._runtime.tokens import digest
from services.portal.inventory.actors import Actor
from services.portal.inventory.forms import FaxSettings
from services.portal.inventory.views import Account
from tests.providers.portal import DOMAIN, Portal, portal, post

OWNER = Actor("owner", "Nora Wind", "reseller", "reseller")
SETTINGS: dict[str, Any] = {
    "allowed_senders": "desk@clinic.example\r\nnight@clinic.example",
    "notify": "",
    "blocked_callers": "(202) 555-0199",
    "blocked_destinations": "+1900",
    "time_zone": "America/New_York",
    "retention_days": "90",
    "header_text": "Clinic North",
    "region": "us",
    "cover_page": "yes",
    "link_access": "sign-in",
    "mail_forwarding": "yes",
    "forward_to": "court.example",
}


@dataclass
class Page:
    """The page of an account that has an adapter."""

    site: Portal
    path: str

    async def account(self) -> Account:
        return await self.site.services.inventory.lists.account(OWNER, self.path.rpartition("/")[2])

    async def send(self, client: httpx.AsyncClient, to: str = "", **fields: Any) -> httpx.Response:
        return await post(client, f"{self.path}{to}", **{"version": str((await self.account()).version), **fields})


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with portal(tmp_path) as site:
        form: dict[str, Any] = {
            "primary_user": "1003",
            "methods": ["email", "ata"],
            "handling": "portal",
            "serial": "HT-1",
        }
        form |= {"phone_number": "+12025550101", "device_type": "Grandstream HT801"}
        made = await post(await site.signed_in("reseller"), f"/domains/{DOMAIN}/accounts", **form)
        found = re.search(rf"/domains/{DOMAIN}/accounts\?new=([0-9a-f-]+)", made.text)
        assert found
        yield Page(site, f"/domains/{DOMAIN}/accounts/{found.group(1)}")


async def test_the_optional_settings_are_saved_and_shown(page: Page) -> None:
    manager = await page.site.signed_in("manager")
    assert (await page.send(manager, "/settings", **SETTINGS)).headers["location"] == f"{page.path}?done=saved"
    assert (await page.account()).settings == FaxSettings(
        allowed_senders=("desk@clinic.example", "night@clinic.example"),
        blocked_callers=("+12025550199",),
        blocked_destinations=("+1900",),
        time_zone="America/New_York",
        retention_days=90,
        header_text="Clinic North",
        cover_page=True,
        link_access="sign-in",
        mail_forwarding=True,
        forward_to=("court.example",),
    )
    shown = (await manager.get(page.path)).text
    assert "desk@clinic.example\nnight@clinic.example</textarea>" in shown
    assert '<option value="America/New_York" selected>America/New York</option>' in shown


async def test_each_wrong_setting_is_said_beside_its_field_and_nothing_typed_is_lost(page: Page) -> None:
    client = await page.site.signed_in("reseller")
    before = await page.account()
    wrong = SETTINGS | {"notify": "nobody", "retention_days": "20", "time_zone": "Mars", "header_text": "<b>North</b>"}
    answer = await page.send(client, "/settings", **wrong)
    assert answer.status_code == 422
    for field, words in (("notify", "“nobody” is no email"), ("retention_days", "“20” can"), ("time_zone", "“Mars”")):
        assert re.search(rf'id="wrong-{field}-1">{words}', answer.text), field
    assert "<details open>" in answer.text
    assert "night@clinic.example</textarea>" in answer.text
    assert 'value="&lt;b&gt;North&lt;/b&gt;"' in answer.text
    assert await page.account() == before


async def test_only_the_reseller_allows_premium_numbers_and_a_manager_keeps_them(page: Page) -> None:
    manager, reseller = await page.site.signed_in("manager"), await page.site.signed_in("reseller")
    assert 'name="premium_destinations"' not in (await manager.get(page.path)).text
    await page.send(manager, "/settings", **SETTINGS, premium_destinations="yes")
    assert not (await page.account()).settings.premium_destinations
    await page.send(reseller, "/settings", **SETTINGS, premium_destinations="yes")
    await page.send(manager, "/settings", **SETTINGS | {"header_text": "Clinic South"})
    settings = (await page.account()).settings
    assert (settings.premium_destinations, settings.header_text) == (True, "Clinic South")


async def test_settings_that_somebody_else_changed_meanwhile_are_not_overwritten(page: Page) -> None:
    client = await page.site.signed_in("reseller")
    await page.send(client, "/settings", **SETTINGS)
    late = await page.send(client, "/settings", **SETTINGS | {"version": "1"})
    assert (late.status_code, "Somebody changed this fax number meanwhile" in late.text) == (422, True)


async def test_a_token_is_shown_once_listed_and_revoked(page: Page) -> None:
    client = await page.site.signed_in("manager")
    shown = await page.send(client, "/tokens", token="billing-2", scopes=["faxes:read"], days="30")
    found = re.search(r'id="secret">([^<]+)<', shown.text)
    assert found
    (token,) = (await page.account()).tokens
    assert (token.token_id, token.scopes, token.sha256) == ("billing-2", ("faxes:read",), digest(found.group(1)))
    assert token.expires_at
    assert token.expires_at - (await page.account()).changed_at == timedelta(days=30)
    listed = (await client.get(page.path)).text
    assert "Revoke billing-2" in listed
    assert found.group(1) not in listed
    assert (await page.send(client, "/tokens/revoke", token="billing-2")).status_code == 303
    assert (await page.account()).tokens == ()
    audit = (await client.get(f"/domains/{DOMAIN}/audit")).text
    assert "made a token of the fax account" in audit
    assert found.group(1) not in audit
    assert token.sha256 not in audit


@pytest.mark.parametrize(
    "fields", [{"token": "", "scopes": "faxes:read"}, {"token": "a"}, {"token": "a", "scopes": "x"}, {"days": "9999"}]
)
async def test_what_is_no_token_is_refused_beside_its_name(page: Page, fields: dict[str, Any]) -> None:
    client = await page.site.signed_in("reseller")
    answer = await page.send(client, "/tokens", **{"days": "30"} | fields)
    assert answer.status_code == 422
    assert 'id="wrong-token-1"' in answer.text
    assert (await page.account()).tokens == ()


async def test_an_adapter_that_is_locked_out_has_a_code_that_nobody_knows_and_that_is_over(page: Page) -> None:
    client = await page.site.signed_in("manager")
    before = (await page.account()).device
    assert (await page.send(client, "/lock-out")).headers["location"].endswith("?done=locked-out")
    after = await page.account()
    assert before
    assert after.device
    assert after.device.enrolment_sha256 not in {None, before.enrolment_sha256}
    assert after.device.enrolment_until == after.changed_at
    assert "no code works" in (await client.get(f"/domains/{DOMAIN}/devices")).text


async def test_pasted_numbers_may_have_empty_lines_and_each_wrong_one_is_named(page: Page) -> None:
    reseller, numbers = await page.site.signed_in("reseller"), f"/domains/{DOMAIN}/numbers"
    refused = await post(reseller, numbers, numbers="+1 202 555 0180\r\n\r\nfax\r\n 0\r\n")
    assert refused.status_code == 422
    assert all(f"“{wrong}” is no phone number" in refused.text for wrong in ("fax", "0"))
    assert (await post(reseller, numbers, numbers="+1 202 555 0180\r\n\r\n")).status_code == 303
