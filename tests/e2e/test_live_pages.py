"""Faxes that arrive and go while somebody looks, in a browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browser import WIDE, Tour
from tests.providers.live import LivePortal, live_portal

pytestmark = pytest.mark.needs("chromium", "libatomic1")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[LivePortal]:
    async with live_portal(tmp_path) as made:
        yield made


async def test_faxes_come_and_go_before_ones_eyes(browser: Browser, world: LivePortal) -> None:
    context = await browser.new_context(viewport=WIDE, timezone_id="Asia/Tokyo")  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(15_000)
    seen = Tour(world.portal, world.address, page)
    page.on("pageerror", lambda error: seen.faults.append(f"script: {error}"))
    page.on("console", lambda said: seen.faults.append(said.text) if "Content Security" in said.text else None)
    first = await world.portal.stored.put("accepted", "routed", other_party="+12025550110")
    await seen.sign_in("manager")
    await seen.go("/faxes/received")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(1)
    older = await rows.element_handle()
    now = datetime.now(UTC)
    fax = await world.arrives(other_party="+12025550111", at=now)
    await world.arrives(other_party="+12025550112", at=now, reseller="rival", domain="rival.example")
    await expect(rows.first).to_contain_text("+1 202-555-0111")
    await expect(rows).to_have_count(2)
    await expect(page.locator("#said")).to_contain_text("New in this list: +1 202-555-0111")
    assert older
    assert await older.evaluate("row => row.isConnected"), "the row that was there is the one that is there"
    await seen.look("faxes-live")
    await page.locator(f'tr[data-fax="{fax}"] a').first.focus()
    await world.goes_on(
        fax, state="mail-failed", stage="email_out", reason="mail-refused", recipient="a@clinic.example"
    )
    await expect(rows.first.locator(".status")).to_have_class("status bad")
    assert await page.evaluate("document.activeElement.closest('tr').dataset.fax") == str(fax), "focus stays"

    await page.goto(f"{world.address}/fax/{first}")
    await expect(page.locator("time").first).to_contain_text("(JST)")
    await page.locator(".story details").first.locator("summary").click()
    await world.goes_on(first, state="emailed", stage="email_out", recipient="a@clinic.example")
    await expect(page.locator(".story li")).to_have_count(3)
    await expect(page.locator(".story details").first).to_have_attribute("open", "")
    await context.clear_cookies()
    await world.goes_on(first, state="mail-bounced", stage="ingest", recipient="a@clinic.example")
    await expect(page.locator("[data-stream]")).to_be_visible()
    await expect(page.locator("#said")).to_contain_text("You have been signed out")
    await context.close()
    assert not seen.faults, "\n".join(seen.faults)
