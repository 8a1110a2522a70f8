"""Sending a fax in a browser: files in order, the very pages, and the fax's own page; with and without script."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from services._runtime.history import FaxRow
from tests.e2e.browser import KEPT, PHONE, Tour
from tests.providers.office import Office, account, open_office
from tests.providers.portal import EMAILS

pytestmark = pytest.mark.needs("chromium", "libatomic1")

TO = "+12025550187"
SAMPLES = Path(__file__).parents[1] / "data" / "submitted"
LETTER, LOCKED, NOTE = (SAMPLES / name for name in ("letter.pdf", "locked.pdf", "note.txt"))


@pytest.fixture
async def office(seen: Tour) -> Office:
    made = await open_office(seen.site)
    await knows(seen, made.account)
    return made


async def knows(seen: Tour, account_id: str) -> None:
    """The API has the account."""
    (owner,) = await seen.site.services.people.known_by(EMAILS["reseller"])
    seen.site.api.knows(await seen.site.services.inventory.lists.account(owner.actor(), account_id))


def follow(seen: Tour) -> None:
    """The history tells of what was submitted, at once."""
    history, kept = seen.site.stored.faxes.history, seen.site.stored.faxes.history.fax

    async def fax(fax_id: UUID) -> FaxRow | None:
        for event in seen.site.api.world.submitted:
            if event.fax_id == fax_id and await kept(fax_id) is None:
                said: dict[str, Any] = {"account_id": event.account_id, "other_party": TO, "fax_id": fax_id}
                await seen.site.stored.put("accepted", direction="sent", at=event.accepted_at, pages=None, **said)
        return await kept(fax_id)

    history.fax = fax  # type: ignore[method-assign]


async def test_a_fax_is_sent_and_seen_to_go(seen: Tour, office: Office) -> None:
    page = seen.page
    follow(seen)
    await seen.sign_in("user")
    await page.get_by_role("link", name="Send a fax").click()
    await expect(page.get_by_label("To", exact=True)).to_be_focused()
    await expect(page.get_by_label("Text of the cover page")).to_be_hidden()
    await page.get_by_label("Subject").fill("Lab results")
    await page.get_by_label("Add files").set_input_files([NOTE, LETTER, LOCKED])
    files = page.locator("[data-file]")
    await expect(files).to_have_count(3)
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("Type the fax number to call.")).to_be_visible()
    await expect(page.get_by_label("To", exact=True)).to_be_focused()
    await page.get_by_label("To", exact=True).fill("+1 202-555-0187")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("“locked.pdf”: It is protected by a password")).to_be_visible()
    await seen.look("send-refused")
    await page.get_by_role("button", name="Remove locked.pdf").click()
    await expect(files).to_have_count(2)
    await expect(page.get_by_label("Subject")).to_have_value("Lab results")
    await page.get_by_role("button", name="Move letter.pdf up").click()
    await expect(files.first).to_contain_text("letter.pdf")
    await page.get_by_role("checkbox", name=re.compile("^Cover page")).check()
    await page.get_by_label("Text of the cover page").fill("For Dr Adams.\n\nPlease call back.")
    await seen.look("send-filled")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("img", name="Page 4 of 4")).to_be_attached()
    await expect(page.locator(".sheet img").first).to_have_js_property("naturalWidth", 1728)
    assert not seen.site.api.world.submitted
    await seen.look("send-preview")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("The fax was taken. This page shows how it goes.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Fax to +1 202-555-0187")).to_be_visible()
    (fax,) = seen.site.api.world.submitted
    assert [one.filename for one in fax.attachments] == ["letter.pdf", "note.txt"]
    page.once("dialog", lambda asked: asked.accept())
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Cancelled. It was not called, and will not be.")).to_be_visible()


async def test_files_are_dropped_and_dragged(seen: Tour, office: Office) -> None:
    page = seen.page
    await seen.sign_in("user")
    await seen.go("/send")
    await _drop(page, {"one.txt": 1, "two.txt": 2})
    await expect(page.locator("[data-file]")).to_have_count(2)
    await page.locator("[data-file]").nth(1).drag_to(page.locator("[data-file]").nth(0))
    await expect(page.locator("[data-file]").first).to_contain_text("two.txt")
    await _drop(page, {"large.pdf": 50_000_001})
    await expect(page.locator("#files-told")).to_contain_text("larger than a fax may be (50 MB)")
    await expect(page.locator("[data-file]")).to_have_count(2)


async def _drop(page: Page, files: dict[str, int]) -> None:
    """Files of so many bytes."""
    made = await page.evaluate_handle(
        "files => { const all = new DataTransfer(); for (const [name, size] of Object.entries(files))"
        " all.items.add(new File([new Uint8Array(size).fill(48)], name)); return all; }",
        files,
    )
    await page.dispatch_event("form[data-sends]", "drop", {"dataTransfer": made})


async def test_without_script_on_a_phone_in_the_dark(seen: Tour, office: Office, browser: Browser) -> None:
    second = await account(seen.site, "+12025550102", "1001")
    await knows(seen, second)
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE, color_scheme="dark")  # type: ignore[arg-type]
    page = await context.new_page()
    plain = Tour(seen.site, seen.url, page)
    await plain.sign_in("manager")
    await plain.go("/send")
    await page.get_by_label("From", exact=True).select_option(second)
    await page.get_by_label("To", exact=True).fill("+12025550187")
    await page.get_by_label("Add files").set_input_files(LETTER)
    await page.get_by_role("button", name="Keep these files").click()
    await expect(page.locator("[data-file]")).to_have_count(1)
    await _picture(plain, "send-dark")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("img", name="Page 1 of 2")).to_be_visible()
    await _picture(plain, "send-preview-dark")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url(re.compile(r"/sent$"))
    (fax,) = seen.site.api.world.submitted
    assert fax.account_id == second
    await context.close()


async def _picture(tour_: Tour, name: str) -> None:
    """For people, if they want one; axe needs script."""
    if KEPT:
        await tour_._keep(name, PHONE["width"])
