"""Faxes in a browser: the lists, one fax with its pages, and what each role sees of them."""

import re

import pytest
from playwright.async_api import Browser, expect

from services._runtime.claims import utc_now
from services._runtime.links import Links, Shown
from services.email_out.domain import way
from services.email_out.letters import Letters
from services.portal.rendering import fax_page
from tests.e2e.browser import KEPT, Tour
from tests.providers.faxes import CALLER
from tests.providers.office import Office, open_office
from tests.unit.mails import NORTHWIND, request

pytestmark = pytest.mark.needs("chromium", "libatomic1")


ENDS = {
    "partial": "Page 3 of 3 was not received.",
    "delivered": "The other fax machine confirmed every page.",
    "failed": "Send it again later.",
    "redial": "The number is called again by itself.",
    "refused": "premium-rate number",
    "unknown": "Ask the recipient whether it arrived before you send it again.",
    "unreadable": "The original is kept.",
    "arriving": "Its pages are being made ready",
    "bounced": "a mail about it came back",
    "junk": "Its caller is blocked",
    "unclaimed": "Nobody has the number",
}
JUDGED = {"partial", "failed", "arriving", "unclaimed"}
"""One of each look; the others differ in words only, and are walked through for pictures."""


@pytest.fixture
async def office(seen: Tour) -> Office:
    return await open_office(seen.site)


async def glance(seen: Tour, name: str) -> None:
    """A picture for people, if they want one, of what is judged on another page already."""
    if KEPT:
        await seen.look(name)


async def test_the_lists(seen: Tour, office: Office) -> None:
    page = seen.page
    await seen.sign_in("manager")
    await expect(page.get_by_role("row", name="+1 202-555-0187")).to_contain_text("3 pages")
    await expect(page.locator(f'[data-fax="{office.faxes["partial"]}"]')).to_contain_text("incomplete")
    await expect(page.get_by_text("rivals")).to_have_count(0)
    await seen.look("faxes-received")
    await page.get_by_label("State").select_option("mail trouble")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("[data-fax]")).to_have_count(1)
    await expect(page.locator("[data-fax]")).to_contain_text("arrived, mail came back")
    await page.get_by_label("Number").fill("0177")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("[data-fax]")).to_have_count(1)
    await page.get_by_label("Number").fill("999999")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("heading", name="No fax matches")).to_be_visible()
    await glance(seen, "faxes-none-matches")
    for tab, name in (("Sent", "faxes-sent"), ("Unclaimed", "faxes-unclaimed"), ("Junk", "faxes-junk")):
        await page.get_by_role("link", name=tab, exact=True).click()
        await expect(page.locator("[data-fax]").first).to_be_visible()
        await glance(seen, name)


async def test_a_fax_is_read_turned_and_zoomed(seen: Tour, office: Office) -> None:
    page = seen.page
    await seen.sign_in("user")
    await page.get_by_role("link", name="+1 202-555-0187").click()
    await expect(page.get_by_role("img", name="Page 1 of 3")).to_be_visible()
    await expect(page.get_by_role("img", name="Page 1 of 3")).to_have_js_property("naturalWidth", 1728)
    await seen.look("fax-received")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("img", name="Page 2 of 3")).to_be_visible()
    await expect(page.locator("#said")).to_have_text("Page 2 of 3")
    await page.keyboard.press("+")
    await expect(page.get_by_text("125 %")).to_be_visible()
    await page.get_by_role("button", name="Turn this page").click()
    box = await page.locator(".sheet:not([hidden]) .leaf").bounding_box()
    assert box is not None
    assert box["width"] > box["height"]
    await glance(seen, "fax-turned")
    await page.get_by_role("link", name="Page 3").click()
    await expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    for name in ("Download PDF", "Download TIFF"):
        async with page.expect_download() as download:
            await page.get_by_role("link", name=name).click()
        assert re.fullmatch(r"fax-[\d-]+-12025550187\.(pdf|tif)", (await download.value).suggested_filename)


async def test_each_end_says_what_happened_and_what_to_do(seen: Tour, office: Office) -> None:
    page = seen.page
    await seen.sign_in("manager")
    for name, words in ENDS.items():
        if name in JUDGED or KEPT:
            await seen.go(f"/fax/{office.faxes[name]}")
            await expect(page.locator("main")).to_contain_text(words)
            await seen.look(f"fax-{name}")
    await seen.go(f"/fax/{office.faxes['partial']}")
    await page.get_by_text("The rule that decided").click()
    await expect(page.get_by_text(f"{office.account}, version 1")).to_be_visible()
    await page.get_by_role("link", name="Forward by mail…").click()
    await page.get_by_label("Email address").fill("records@clinic.example")
    await seen.look("fax-mail")
    await page.get_by_role("button", name="Send the mail").click()
    await expect(page.get_by_text("It is being mailed.")).to_be_visible()


async def test_a_reseller_proves_what_happened_and_reads_nothing(seen: Tour, office: Office) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await page.get_by_role("link", name="Faxes").click()
    await glance(seen, "faxes-reseller")
    await page.get_by_role("link", name="+1 202-555-0187").click()
    await expect(page.get_by_role("heading", name="Its pages are closed to you")).to_be_visible()
    await expect(page.get_by_role("link", name="Download PDF")).to_have_count(0)
    await expect(page.get_by_text("A mail went to ben.ruiz@clinic.example", exact=True)).to_be_visible()
    await seen.look("fax-reseller")
    await seen.go(f"/fax/{office.faxes['unclaimed']}")
    await expect(page.get_by_role("img", name="Page 1 of 1")).to_be_visible()
    await seen.go(f"/fax/{office.faxes['rivals']}")
    await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


async def test_in_the_dark_and_without_script(seen: Tour, office: Office, browser: Browser) -> None:
    await seen.page.emulate_media(color_scheme="dark")
    await seen.sign_in("user")
    await glance(seen, "faxes-dark")
    await seen.go(f"/fax/{office.faxes['letter']}")
    await expect(seen.page.get_by_role("img", name="Page 1 of 3")).to_be_visible()
    await seen.look("fax-dark")
    state = await seen.page.context.storage_state()
    plain = await browser.new_context(java_script_enabled=False, storage_state=state)
    page = await plain.new_page()
    page.set_default_timeout(15_000)
    await page.goto(f"{seen.url}/faxes/received?number={CALLER[-4:]}")
    await expect(page.locator("[data-fax]")).to_have_count(2)
    await page.goto(f"{seen.url}/fax/{office.faxes['letter']}")
    for number in (1, 2, 3):
        await expect(page.get_by_role("img", name=f"Page {number} of 3")).to_be_visible()
    await plain.close()


async def test_a_mail_of_long_words_and_its_links_page_are_no_wider_than_a_phone(browser: Browser) -> None:
    brand = NORTHWIND.model_copy(update={"name": "Fernsprech" * 12, "support": f"https://north.example/{'a' * 150}"})
    event = request(brand=brand, recipient=f"{'desk' * 16}@{'long-name.' * 12}example", other_party="X" * 64)
    links = Links("s" * 40, 7)
    mail = Letters(links).write(event, way(event, 0)).html
    shown = Shown(other_party="X" * 64, brand=brand.name)
    token = links.token(event.fax_id, event.account_id, event.accepted_at, "", issued_at=utc_now(), shown=shown)
    page = await browser.new_page(viewport={"width": 360, "height": 640})
    for html in (mail, fax_page(links.read(token), "/f/token", pictured=False)[0]):
        await page.set_content(html)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.close()
