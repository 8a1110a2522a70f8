"""The page behind a link: what it shows, what it never shows, and its words when there is nothing to show."""

import logging
from datetime import timedelta

import httpx
import pytest

from services._runtime.links import Links, Shown
from services.portal.pages import app
from tests.fakes import MemoryBlobs
from tests.unit.mails import AT, FAX, KEY, PDF

THUMBNAIL = KEY.replace("document.pdf", "thumbnail.png")
PNG = b"\x89PNG\r\n\x1a\n..."
SHOWN = Shown("received", "+12125550199", 3, "America/New_York", "Northwind Fax", "#ffd400")


class Site:
    def __init__(self) -> None:
        self.clock = AT
        self.blobs = MemoryBlobs({KEY: PDF, THUMBNAIL: PNG})
        self.links = Links("s" * 40, 7, lambda: self.clock)
        self.token = self.links.token(FAX, "acc-1", AT, KEY, issued_at=AT, shown=SHOWN)
        transport = httpx.ASGITransport(app(self.blobs, self.links), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="https://fax.northwind.example")

    async def get(self, path: str = "", token: str | None = None) -> httpx.Response:
        return await self.client.get(f"/f/{token or self.token}{path}")


def private(response: httpx.Response) -> bool:
    headers = response.headers
    return (
        headers["Cache-Control"] == "no-store"
        and headers["Referrer-Policy"] == "no-referrer"
        and headers["X-Content-Type-Options"] == "nosniff"
        and "noindex" in headers["X-Robots-Tag"]
        and "default-src 'none'" in headers["Content-Security-Policy"]
        and "Set-Cookie" not in headers
    )


async def test_the_page_says_what_it_is_and_offers_it() -> None:
    page = await Site().get()
    assert page.status_code == 200
    assert private(page)
    for words in ("Fax from +1 212-555-0199", "24 November 2026, 09:40 (EST)", "Northwind Fax", "1 December 2026"):
        assert words in page.text
    assert "/fax.pdf?download" in page.text
    assert "/page1.png" in page.text
    assert "--brand: #ffd400; --on-brand: #000000" in page.text
    assert "native" not in page.text.lower()


async def test_without_a_picture_the_page_has_none() -> None:
    site = Site()
    del site.blobs.objects[THUMBNAIL]
    page = await site.get()
    assert page.status_code == 200
    assert "page1.png" not in page.text


async def test_the_document_to_show_and_to_keep() -> None:
    site = Site()
    shown, kept = await site.get("/fax.pdf"), await site.get("/fax.pdf?download")
    assert shown.content == kept.content == PDF
    assert shown.headers["Content-Type"] == "application/pdf"
    assert shown.headers["Content-Disposition"] == 'inline; filename="fax-2026-11-24-0940-12125550199.pdf"'
    assert kept.headers["Content-Disposition"].startswith("attachment;")
    assert private(shown)
    assert private(kept)
    assert "sandbox" in kept.headers["Content-Security-Policy"]
    picture = await site.get("/page1.png")
    assert (picture.content, picture.headers["Content-Type"]) == (PNG, "image/png")


@pytest.mark.parametrize("path", ["", "/fax.pdf", "/page1.png"])
async def test_expired_altered_gone_and_away_each_have_words(path: str) -> None:
    site = Site()
    altered = await site.get(path, site.token[:-3] + "abc")
    site.blobs.away = True
    away = await site.get(path)
    site.blobs.away = False
    site.blobs.objects.clear()
    gone = await site.get(path)
    site.clock += timedelta(days=8)
    expired = await site.get(path)
    assert (altered.status_code, "does not work" in altered.text) == (404, True)
    assert (away.status_code, away.headers["Retry-After"], "Nothing is lost" in away.text) == (503, "30", True)
    assert (gone.status_code, "no longer kept" in gone.text) == (410, True)
    assert (expired.status_code, "It worked until 1 December 2026" in expired.text) == (410, True)
    assert all(map(private, (altered, away, gone, expired)))
    assert "Northwind Fax" not in altered.text


async def test_a_fault_of_ours_shows_no_trace() -> None:
    site = Site()

    async def broken(key: str) -> bytes | None:
        raise RuntimeError("a secret detail")

    site.blobs.get = broken  # type: ignore[method-assign]
    answer = await site.get("/fax.pdf")
    assert answer.status_code == 500
    assert private(answer)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_elsewhere_there_is_nothing() -> None:
    answer = await Site().client.get("/")
    assert answer.status_code == 404
    assert private(answer)


async def test_each_use_is_logged_and_the_token_never(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nativefax.portal")
    site = Site()
    for path in ("", "/fax.pdf", "/fax.pdf?download", "/page1.png"):
        await site.get(path)
    await site.get(token="x" + site.token)
    ours = [record for record in caplog.records if record.name == "nativefax.portal"]
    uses = ["fax.link-opened", "fax.link-read", "fax.link-downloaded", "fax.link-pictured"]
    assert [vars(record).get("what") for record in ours] == [*uses, None]
    assert {vars(record).get("fax_id") for record in ours[:4]} == {str(FAX)}
    assert all(site.token not in str(vars(record)) for record in ours)


async def test_what_a_caller_calls_itself_is_only_text() -> None:
    site = Site()
    shown = Shown("received", "<script>alert(1)</script>", 1, "Nowhere/Land", '"><img src=x>', "#000000")
    page = await site.get(token=site.links.token(FAX, "a", AT, KEY, issued_at=AT, shown=shown))
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "<img src=x>" not in page.text
    assert "(UTC)" in page.text


async def test_beside_a_portal_the_page_leads_to_it_and_alone_it_does_not() -> None:
    words = "Sign in to see all your faxes"
    assert words not in (await Site().get()).text
