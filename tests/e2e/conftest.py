"""A browser for each file of walks, and a portal of its own for each walk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import Tour, chromium, tour


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def seen(browser: Browser, tmp_path: Path) -> AsyncIterator[Tour]:
    async with tour(browser, tmp_path) as made:
        yield made
