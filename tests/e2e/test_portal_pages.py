"""The Manager Portal in a browser: add an account as the help page says, each refusal, import, and each role."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from services._runtime.database import transaction
from services.portal.inventory.tables import DOMAINS, RESELLERS
from tests.e2e.browser import PHONE, Tour
from tests.providers.portal import DOMAIN, Portal

pytestmark = pytest.mark.needs("chromium", "libatomic1")

ACCOUNTS = f"/domains/{DOMAIN}/accounts"
CSV = (
    "Phone Number,Primary User,Enabled Methods,Inbound Fax Handling,Device Type,Serial Number\n"
    "+12025550101,1001,Email; Portal,Email w/ Attachment,,\n"
    "+12025550102,1003,ATA,Portal,Grandstream HT801,HT-77\n"
    "+12025550112,1003,Email,Portal,,\n"
    "+12025550103,9999,Email,Portal,,\n"
)


async def _dialog(page: Page) -> Any:
    await page.get_by_role("link", name="Add a Fax Number").first.click()
    dialog = page.get_by_role("dialog", name="Add a Fax Number")
    await expect(dialog).to_be_visible()
    return dialog


async def _fill(dialog: Any, number: str = "+12025550101", user: str = "1003") -> None:
    await dialog.get_by_label("Phone Number").fill(number)
    await dialog.get_by_label("Primary User").fill(user)


async def test_adding_a_fax_number_as_the_help_page_says(seen: Tour) -> None:
    page = seen.page
    await seen.go("/")
    await seen.look("sign-in")
    await seen.sign_in_by_hand("reseller")
    await page.wait_for_url("**/domains")
    await seen.look("domains")
    await page.get_by_role("link", name=DOMAIN).click()
    await expect(page.get_by_role("heading", name="No fax accounts yet")).to_be_visible()
    await seen.look("fax-accounts-empty")
    dialog = await _dialog(page)
    await expect(dialog.get_by_text("0 of 5 fax numbers used")).to_be_visible()
    await expect(dialog.get_by_label("Phone Number")).to_be_focused()
    await _fill(dialog)
    await expect(page.locator("#found-user")).to_have_text("Ben Ruiz, ben.ruiz@clinic.example")
    await expect(dialog.get_by_label("Serial Number")).to_be_hidden()
    await seen.look("add-a-fax-number")
    await dialog.get_by_role("radio", name="Email w/o Attachment").check()
    await dialog.get_by_role("button", name="Add").click()
    row = page.get_by_role("row", name="+1 202-555-0101")
    await expect(row).to_contain_text("Email w/o Attachment")
    await expect(row).to_contain_text("becoming live")
    await expect(page.get_by_text("1 of 5 fax numbers used").first).to_be_visible()
    await seen.look("fax-accounts-becoming-live")
    seen.site.live.add(str(await row.get_attribute("data-account")))
    await expect(row.locator(".words")).to_have_text("live")
    await expect(page.locator("#said")).to_have_text("The fax number is live.")


async def test_an_ata_has_its_code_shown_once(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await _fill(dialog)
    await dialog.get_by_role("checkbox", name=re.compile("ATA")).check()
    await dialog.get_by_label("Device Type").select_option("Grandstream HT801")
    await dialog.get_by_label("Serial Number").fill("20EZ-1234")
    await seen.look("add-a-fax-number-ata")
    await dialog.get_by_role("button", name="Add").click()
    secret = page.locator("#secret")
    await expect(secret).to_have_text(re.compile(r"^[A-Z2-9]{16}$"))
    code = await secret.inner_text()
    await seen.look("enrolment-code")
    await page.get_by_role("link", name="Done").click()
    await page.get_by_role("link", name="+1 202-555-0101").click()
    await page.wait_for_url("**/accounts/*")
    await seen.look("fax-account")
    assert code not in await page.content()
    await seen.go(f"/domains/{DOMAIN}/devices")
    await expect(page.get_by_role("row", name="20EZ-1234")).to_contain_text("Ben Ruiz")
    await seen.look("ata-devices")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await _fill(dialog, "+12025550102", "Records")
    await dialog.get_by_role("checkbox", name=re.compile("ATA")).check()
    await dialog.get_by_label("Serial Number").fill("20ez-1234")
    await dialog.get_by_label("Device Type").select_option("Cisco ATA 191")
    await dialog.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("belongs to another fax number")).to_be_visible()
    await expect(dialog.get_by_label("Serial Number")).to_be_focused()
    await expect(dialog.get_by_label("Serial Number")).to_have_value("20ez-1234")


async def test_each_refusal_marks_its_field_and_loses_nothing(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await _fill(dialog, "+12025550112", "Nobody Here")
    await dialog.get_by_role("checkbox", name="Email").uncheck()
    await dialog.get_by_role("checkbox", name="Portal").uncheck()
    await dialog.get_by_role("radio", name="Portal").check()
    await dialog.get_by_role("button", name="Add").click()
    for words in ("its treatment is queue", "has no user “Nobody Here”", "at least one method"):
        await expect(page.get_by_text(words)).to_be_visible()
    number = dialog.get_by_label("Phone Number")
    await expect(number).to_be_focused()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(number).to_have_value("+12025550112")
    await expect(dialog.get_by_label("Primary User")).to_have_value("Nobody Here")
    await expect(dialog.get_by_role("radio", name="Portal")).to_be_checked()
    await seen.look("add-a-fax-number-refused")
    await _fill(dialog, "+12025550101", "")
    await dialog.get_by_role("checkbox", name=re.compile("ATA")).check()
    await dialog.get_by_role("button", name="Add").click()
    for words in ("Choose the primary user", "Choose the type of the ATA", "serial number; it is on its label"):
        await expect(page.get_by_text(words)).to_be_visible()
    await dialog.get_by_role("checkbox", name=re.compile("ATA")).uncheck()
    await dialog.get_by_role("checkbox", name="Email").check()
    if not await dialog.get_by_label("Name", exact=True).is_visible():
        await dialog.get_by_text(re.compile("Somebody else.s email")).click()
    await dialog.get_by_label("Name", exact=True).fill("Night Shift")
    await dialog.get_by_role("textbox", name="Email").fill("night@shift.example")
    await dialog.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("row", name="+1 202-555-0101")).to_contain_text("fax-only user")


async def test_a_maximum_of_one_admits_one(seen: Tour) -> None:
    page = seen.page
    async with transaction(seen.site.engine) as connection:
        await connection.execute(update(DOMAINS).where(DOMAINS.c.domain == DOMAIN).values(maximum=1))
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await expect(dialog.get_by_text("0 of 1 fax number used")).to_be_visible()
    await _fill(dialog)
    await dialog.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("row", name="+1 202-555-0101")).to_be_visible()
    dialog = await _dialog(page)
    await expect(dialog.get_by_text("No phone number can be taken now.")).to_be_visible()
    await expect(dialog.get_by_role("link", name=re.compile("Change the domain.s maximum"))).to_be_visible()
    await expect(dialog.get_by_role("button", name="Add")).to_have_count(0)
    await seen.look("add-a-fax-number-none-left")


async def test_without_white_label_access_the_reason_stands_in_its_place(seen: Tour) -> None:
    async with transaction(seen.site.engine) as connection:
        await connection.execute(update(RESELLERS).where(RESELLERS.c.reseller == "reseller").values(white_label=False))
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    await expect((await _dialog(seen.page)).get_by_text("white-label access")).to_be_visible()
    await seen.sign_in("manager")
    await seen.go(ACCOUNTS)
    await expect((await _dialog(seen.page)).get_by_text("Your provider adds fax numbers.")).to_be_visible()
    await seen.look("add-a-fax-number-office-manager")


@asynccontextmanager
async def at_work(site: Portal) -> AsyncIterator[None]:
    """The portal does its jobs, as its process does."""
    working = asyncio.create_task(site.services.inventory.worker().run())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_import_is_tried_out_first(seen: Tour, tmp_path: Path) -> None:
    page, file = seen.page, tmp_path / "forty numbers.csv"
    file.write_text(CSV)
    await seen.sign_in("reseller")
    await seen.go(f"/domains/{DOMAIN}/import")
    await seen.look("import")
    await page.get_by_label("File").set_input_files(file)
    await page.get_by_role("button", name="Try it out").click()
    await expect(page.get_by_text("It begins in a moment.")).to_be_visible()
    await seen.look("import-going-on")
    async with at_work(seen.site):
        await expect(page.get_by_text("Of 4 rows, 2 can be added and 2 are refused.")).to_be_visible()
        await expect(page.get_by_role("row", name="+12025550112")).to_contain_text("its treatment is queue")
        await seen.look("import-tried-out")
        async with page.expect_download() as file_of_refused:
            await page.get_by_role("link", name="Download as CSV").click()
        assert (await file_of_refused.value).suggested_filename == "refused-clinic-example.csv"
        await page.get_by_role("radio", name="Only the good rows").check()
        await page.get_by_role("button", name="Add 2 fax accounts").click()
        await expect(page.get_by_text("2 fax accounts added.")).to_be_visible()
        await page.get_by_role("button", name="Show enrolment codes").click()
        await expect(page.locator("#codes")).to_have_text(re.compile(r"^\+12025550102\s+HT-77\s+[A-Z2-9]{16}\s*$"))
    await seen.look("import-done")
    await seen.go(f"/domains/{DOMAIN}/import")
    await expect(page.get_by_role("row", name="Nora Wind")).to_contain_text("2 added")
    await seen.look("imports")


async def test_numbers_move_and_get_another_user_many_at_once(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    for number in ("+12025550101", "+12025550102"):
        await seen.go(ACCOUNTS)
        dialog = await _dialog(page)
        await _fill(dialog, number)
        await dialog.get_by_role("button", name="Add").click()
        await expect(page.locator("tr.new")).to_be_visible()
    async with at_work(seen.site):
        await page.get_by_role("link", name="Change users…").click()
        await page.get_by_role("checkbox", name="+1 202-555-0101").check()
        await page.get_by_role("checkbox", name="+1 202-555-0102").check()
        await page.get_by_label("Primary User").fill("Nobody Here")
        await page.get_by_role("button", name="See what happens").click()
        await expect(page.get_by_text("has no user “Nobody Here”")).to_be_visible()
        await seen.look("change-users-refused")
        await page.get_by_label("Primary User").fill("Records")
        await page.get_by_role("button", name="See what happens").click()
        await expect(page.get_by_role("row", name="+1 202-555-0101")).to_contain_text("fax number of Records")
        await page.get_by_role("button", name="Change 2 numbers").click()
        await expect(page.get_by_text("2 numbers changed.")).to_be_visible()
        await seen.go(f"/domains/{DOMAIN}/move")
        await expect(page.get_by_text("There is no other domain")).to_be_visible()
        await seen.go("/domains?add")
        await page.get_by_role("dialog").get_by_label("Name").fill("second.example")
        await page.get_by_role("dialog").get_by_role("button", name="Add").click()
        await seen.go(f"/domains/{DOMAIN}/numbers")
        await page.get_by_role("link", name="Move numbers…").click()
        await page.get_by_label("Phone numbers", exact=True).fill("+12025550101\n+12025550102\n+12025550105")
        await page.get_by_role("combobox", name="Domain").select_option("second.example")
        await seen.look("move-numbers")
        await page.get_by_role("button", name="See what happens").click()
        await expect(page.get_by_text("Of 3 numbers, 3 can be moved.")).to_be_visible()
        await seen.look("move-numbers-tried-out")
        await page.get_by_role("button", name="Move 3 numbers").click()
        await expect(page.get_by_text("3 numbers moved.")).to_be_visible()
    await seen.look("move-numbers-done")
    await seen.go(f"/domains/{DOMAIN}/removed")
    await expect(page.get_by_role("row", name="+1 202-555-0101")).to_contain_text("in another domain")
    await seen.look("removed-accounts")


async def test_the_settings_and_tokens_of_an_account(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await _fill(dialog)
    await dialog.get_by_role("button", name="Add").click()
    await page.get_by_role("link", name="+1 202-555-0101").click()
    await page.get_by_text("More settings").click()
    await page.get_by_label("Notification recipients").fill("desk@clinic.example\nnobody")
    await page.get_by_label("Retention").fill("20")
    await page.get_by_label("Time zone").select_option("America/New_York")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("“nobody” is no email address")).to_be_visible()
    await expect(page.get_by_label("Notification recipients")).to_be_focused()
    await seen.look("account-settings-refused")
    await page.get_by_label("Notification recipients").fill("desk@clinic.example")
    await page.get_by_label("Retention").fill("90")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_role("definition").get_by_text("90 days")).to_be_visible()
    await page.get_by_text("Make a token").click()
    await page.get_by_label("Name", exact=True).fill("billing-2")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#secret")).to_be_visible()
    await seen.look("token")
    await page.get_by_role("link", name="Done").click()
    await page.get_by_text("More settings").click()
    await seen.look("account-settings")
    page.once("dialog", lambda asked: asked.accept())
    await page.get_by_role("button", name="Revoke billing-2").click()
    await expect(page.get_by_text("The token is revoked.")).to_be_visible()


async def test_a_user_is_edited_and_the_audit_log_is_searched(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await seen.go(ACCOUNTS)
    dialog = await _dialog(page)
    await _fill(dialog)
    await dialog.get_by_role("button", name="Add").click()
    await seen.go(f"/domains/{DOMAIN}/users")
    await page.get_by_role("link", name="Ben Ruiz").click()
    await expect(page.get_by_role("link", name="+1 202-555-0101")).to_be_visible()
    await seen.look("user")
    await page.get_by_label("Email").fill("ben@new.example")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name="Ben Ruiz")).to_contain_text("ben@new.example")
    await seen.go(f"/domains/{DOMAIN}/audit")
    await page.get_by_label("What").select_option("Users")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("row", name="changed the user")).to_be_visible()
    await expect(page.get_by_role("row", name="+1 202-555-0101")).to_have_count(0)
    await seen.look("audit-searched")


async def test_a_logo_is_shown_in_place_of_the_name(seen: Tour, tmp_path: Path) -> None:
    page, file = seen.page, tmp_path / "logo.png"
    drawn = Image.new("RGBA", (480, 96))
    ImageDraw.Draw(drawn).text((8, 8), "northwind", "teal", font_size=72)
    drawn.save(file)
    await seen.sign_in("reseller")
    await seen.go("/brand")
    await page.get_by_label("Logo").set_input_files(file)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    logo = page.get_by_role("banner").get_by_role("img", name="Northwind Fax")
    await expect(logo).to_have_js_property("naturalWidth", 480)
    await seen.look("brand-logo")


async def test_the_other_pages_of_a_reseller(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("reseller")
    await seen.go(f"/domains/{DOMAIN}/numbers")
    await seen.look("phone-numbers")
    await page.get_by_label("Phone numbers").fill("+12025550150\n+12025550151")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("row", name="+1 202-555-0151")).to_contain_text("can be taken")
    await seen.go(f"/domains/{DOMAIN}/users")
    await page.get_by_role("button", name="Let Records sign in").click()
    await expect(page.locator("#secret")).to_be_visible()
    await seen.go(f"/domains/{DOMAIN}/users")
    await seen.look("users")
    await page.get_by_role("link", name="Add a user").click()
    await page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Ivy Lind")
    await page.get_by_role("dialog").get_by_role("button", name="Add").click()
    await expect(page.get_by_text("This is no email address")).to_be_visible()
    await expect(page.get_by_role("dialog").get_by_label("Email")).to_be_focused()
    await seen.look("add-a-user-refused")
    await seen.go("/brand")
    await page.get_by_label("Colour").fill("#ffd400")
    await expect(page.locator("#contrast")).to_contain_text("black")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await seen.look("brand")
    await seen.go("/tokens")
    await page.get_by_label("Name").fill("billing 2")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.get_by_text("Write a name of 1 to 64 letters")).to_be_visible()
    await page.get_by_label("Name").fill("billing-2")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#secret")).to_have_text(re.compile(r"nfp_billing-2_[0-9a-f]{64}"))
    await expect(page.get_by_role("row", name="billing-2")).to_contain_text("never")
    await seen.go("/tokens")
    await seen.look("api-tokens")
    await seen.go(f"/domains/{DOMAIN}/audit")
    await page.get_by_text("Show").first.click()
    await seen.look("audit")
    await page.emulate_media(color_scheme="dark")
    await seen.go("/brand")
    await seen.look("brand-dark")
    await seen.go(f"{ACCOUNTS}?add")
    await seen.look("add-a-fax-number-dark")


async def test_what_the_others_see(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("manager")
    assert page.url.endswith("/faxes/received")
    await seen.go(ACCOUNTS)
    await seen.look("office-manager")
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await seen.go(f"/domains/{DOMAIN}/audit")
    await expect(page.get_by_role("link", name="Audit")).to_be_in_viewport(ratio=0.9)
    for path in ("/brand", "/domains", f"/domains/{DOMAIN}/import", "/operations"):
        await seen.go(path)
        await expect(page.get_by_role("heading", name="This page isn't yours")).to_be_visible()
    await seen.go("/domains/rival.example/accounts")
    await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    await seen.look("nothing-here")
    await seen.sign_in("user")
    await expect(page.get_by_role("heading", name="You have no fax number yet")).to_be_visible()
    await seen.look("fax-user")
    await seen.go(ACCOUNTS)
    await expect(page.get_by_role("heading", name="This page isn't yours")).to_be_visible()
    await seen.sign_in("operator")
    await seen.look("operations")
    await seen.go("/password")
    await seen.look("password")


async def test_a_session_that_ends_while_a_form_is_filled_in_loses_nothing(seen: Tour) -> None:
    page = seen.page
    await seen.sign_in("manager")
    await seen.go(f"/domains/{DOMAIN}/users?add")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Zoë Neil")
    await dialog.get_by_label("Email").fill("zoe@clinic.example")
    seen.site.ticking.pass_(minutes=61)
    await dialog.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("What you typed is kept")).to_be_visible()
    await seen.look("signed-out-meanwhile")
    await seen.sign_in_by_hand("manager")
    await expect(page.get_by_role("heading", name="Not done yet")).to_be_visible()
    await seen.look("not-done-yet")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="Zoë Neil")).to_be_visible()


async def test_it_works_without_script_and_by_keyboard(seen: Tour, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    await page.goto(f"{seen.url}/sign-in")
    await page.get_by_label("Email").fill("owner@northwind.example")
    await page.get_by_label("Password").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/domains")
    await page.goto(f"{seen.url}{ACCOUNTS}")
    await page.get_by_role("link", name="Add a Fax Number").first.click()
    await page.get_by_label("Phone Number").fill("+12025550104")
    await page.get_by_label("Primary User").fill("Ada Okafor")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="+1 202-555-0104")).to_be_visible()
    await context.close()
