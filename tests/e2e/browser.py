"""Debian's Chromium, a portal to look at, and what is looked for on every page."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.async_api import Browser, Page, async_playwright

from tests.providers.portal import EMAILS, PASSWORD, Portal, portal, served

CHROMIUM = "/usr/bin/chromium"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
KEPT = os.environ.get("NATIVEFAX_TEST_SCREENSHOTS", "")
"""A folder to keep screenshots in; without one none is taken."""


@dataclass
class Tour:
    """A browser on a portal. `faults` is everything that a page did and none should."""

    site: Portal
    url: str
    page: Page
    faults: list[str] = field(default_factory=list)

    async def sign_in(self, role: str) -> None:
        """With a session that began elsewhere, so without the form."""
        services, context = self.site.services, self.page.context
        (person,) = await services.people.known_by(EMAILS[role])
        cookie = await services.sessions.begin(person.user_id)
        await context.clear_cookies()
        await context.add_cookies([{"name": services.cookies.session, "value": cookie, "url": self.url}])
        await self.go("/")

    async def sign_in_by_hand(self, role: str) -> None:
        """As a person does, on whatever page shows the form."""
        await self.page.get_by_label("Email").fill(EMAILS[role])
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()

    async def go(self, path: str) -> None:
        """To a page."""
        await self.page.goto(f"{self.url}{path}")

    async def look(self, name: str) -> None:
        """Axe finds nothing serious, and nothing is wider than a phone; keep pictures if asked to."""
        found = await Axe().run(self.page)
        self.faults += [
            f"{name}: {one['impact']} {one['id']} {one['nodes'][0]['html'][:200]}"
            for one in found.response["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        for size in (PHONE, WIDE):
            await self.page.set_viewport_size(size)  # type: ignore[arg-type]
            if await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.faults.append(f"{name}: wider than {size['width']}")
            if KEPT:
                await self._keep(name, size["width"])

    async def _keep(self, name: str, width: int) -> None:
        dialogs = await self.page.locator("dialog:modal").count()
        path = Path(KEPT) / f"{name}-{width}.png"
        await self.page.screenshot(path=path, full_page=not dialogs, animations="disabled", caret="hide")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tour(browser: Browser, folder: Path) -> AsyncIterator[Tour]:
    """A page, not yet signed in, on a portal of its own; its faults fail when it ends."""
    async with portal(folder, secure=False) as site, served(site.app) as url:
        context = await browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
        page = await context.new_page()
        made = Tour(site, url, page)
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: made.faults.append(f"script: {error}"))
        page.on("console", lambda said: made.faults.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda asked: None if asked.url.startswith(url) else made.faults.append(asked.url))
        try:
            yield made
        finally:
            await context.close()
        assert not made.faults, "\n".join(made.faults)
