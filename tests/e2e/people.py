"""What people do in the portal of a whole pipeline, in Debian's Chromium."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from deploy.local.checker.sent import same_pages
from deploy.local.telephony import kept
from tests.e2e.browser import CHROMIUM

SOON = 30_000.0
"""Milliseconds in which a fax shows, on a slow machine."""
CALLED = 90_000.0
"""Milliseconds for a T.30 call of some pages, on a slow machine."""


@dataclass
class Person:
    """Somebody signed in, in a browser of their own; `faults` is what no page should do."""

    url: str
    page: Page
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def row(self, fax_id: str) -> Locator:
        return self.page.locator(f'tr[data-fax="{fax_id}"]')


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def signed_in(browser: Browser, root: Path, email: str) -> Iterator[Person]:
    """Whom the demo let in."""
    settings = json.loads((root / "run" / "environment.json").read_text())
    secrets = json.loads((root / "secrets.json").read_text())
    url = settings["NATIVEFAX_PORTAL_URL"]
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(SOON)
    person = Person(url, page)
    ours = (url, "data:", "blob:")
    page.on("pageerror", lambda error: person.faults.append(f"script: {error}"))
    page.on("console", lambda said: person.faults.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith(ours) else person.faults.append(asked.url))
    try:
        person.go("/sign-in")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(secrets["demo_password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda address: "sign-in" not in address)
        yield person
    finally:
        context.close()
    assert person.faults == []


def a_received_fax_appears(person: Person, receive: Callable[[], str]) -> str:
    """The list is open; the fax shows on top of it without anybody loading it again."""
    person.go("/faxes/received")
    person.page.evaluate("window.stayed = true")
    fax_id = receive()
    expect(person.page.locator("tbody tr").first).to_have_attribute("data-fax", fax_id, timeout=SOON)
    assert person.page.evaluate("window.stayed"), "the page was loaded anew"
    person.row(fax_id).get_by_role("link").last.click()
    its_pages_are_drawn(person)
    return fax_id


def its_pages_are_drawn(person: Person) -> None:
    picture = person.page.locator("figure img").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def a_partial_fax_says_what_is_missing(person: Person) -> None:
    person.go("/faxes/received")
    person.page.locator("tbody tr", has_text="incomplete").first.get_by_role("link").last.click()
    expect(person.page.get_by_text("Part of this fax is missing.")).to_be_visible()


def a_failed_fax_says_why(person: Person) -> None:
    person.go("/faxes/sent")
    person.page.locator("tbody tr", has_text="not delivered").first.get_by_role("link").last.click()
    expect(person.page.locator(".result")).to_contain_text("number", ignore_case=True)


def a_fax_is_sent_and_watched(person: Person, root: Path, files: list[Path], number: str, to: str) -> None:
    """From the form to the far end, whose pages are those of the preview's fax."""
    page = person.page
    person.go("/send")
    chosen = page.get_by_label("From", exact=True).locator("option", has_text=number).get_attribute("value")
    page.get_by_label("From", exact=True).select_option(chosen)
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("Add files").set_input_files(files)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("These are the very pages that will be faxed.")).to_be_visible(timeout=SOON)
    its_pages_are_drawn(person)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/fax/*", timeout=SOON, wait_until="commit")
    expect(page.locator("h1 + .states .words")).to_have_text("delivered", timeout=CALLED)
    fax_id = UUID(page.url.rpartition("/")[2].partition("?")[0])
    (call,) = [one for one in kept.calls(root / "telephony") if one.fax_id == fax_id]
    assert call.file is not None
    with page.expect_download() as download:
        page.get_by_role("link", name="Download TIFF").click()
    assert same_pages(call.file.read_bytes(), Path(download.value.path()).read_bytes())


def an_unclaimed_fax_is_released(person: Person, fax_id: str, number: str) -> None:
    page = person.page
    person.go("/faxes/unclaimed")
    person.row(fax_id).get_by_role("link").last.click()
    page.get_by_role("link", name="Release").click()
    page.get_by_label("Fax number").fill(number)
    page.get_by_role("button", name="Release").click()
    page.wait_for_url("**/fax/*?done=released", wait_until="commit")  # it is loaded anew as soon as it is released


def is_not_theirs(person: Person, fax_id: str) -> None:
    for path in (f"/fax/{fax_id}", f"/fax/{fax_id}/fax.pdf", f"/fax/{fax_id}/page/1", f"/fax/{fax_id}/thumbnail"):
        assert person.page.request.get(person.url + path).status == 404, path
