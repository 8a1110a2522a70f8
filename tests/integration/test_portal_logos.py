"""A reseller's logo: redrawn in a confined process, kept by its digest, shown in mails and on pages."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, PngImagePlugin

from schemas.accounts import Brand
from services.portal.logos.logos import Logos, digest_of
from services.portal.logos.redrawing import MOST_PIXELS, NoLogo, redraw
from tests.fakes import MemoryBlobs
from tests.providers.portal import HOST, Portal, form_token, portal

BRAND = {
    "name": "Northwind Fax",
    "colour": "#0f6b5c",
    "portal_host": HOST,
    "from_address": "fax@northwind.example",
    "support": "",
}
SECRET = "a secret in the file"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as made:
        yield made


def picture(kind: str = "PNG", mode: str = "RGBA", size: tuple[int, int] = (900, 300)) -> bytes:
    out, said = io.BytesIO(), PngImagePlugin.PngInfo()
    said.add_text("Comment", SECRET)
    Image.new(mode, size, "teal").save(out, kind, **({"pnginfo": said} if kind == "PNG" else {"comment": SECRET}))
    return out.getvalue()


async def saved(client: httpx.AsyncClient, data: bytes | None = None, **more: str) -> httpx.Response:
    token = form_token((await client.get("/brand")).text)
    files = {"logo": ("logo.png", data, "image/png")} if data is not None else {"logo": ("", b"")}
    return await client.post("/brand", data={"form_token": token, **BRAND, **more}, files=files)


async def brand(site: Portal) -> Brand:
    found = await site.services.inventory.lists.brand("reseller")
    assert found
    return found


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK")]
)
def test_a_logo_is_drawn_anew_small_and_without_what_else_was_in_the_file(kind: str, mode: str) -> None:
    data = picture(kind, mode)
    assert SECRET.encode() in data
    drawn = redraw(data)
    with Image.open(io.BytesIO(drawn)) as shown:
        assert (shown.format, shown.size, shown.info) == ("PNG", (384, 128), {})
    assert SECRET.encode() not in drawn


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", picture()[:400], picture("GIF", "P"), b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
    ids=["nothing", "text", "cut", "gif", "svg"],
)
def test_what_is_no_logo_is_refused(data: bytes) -> None:
    with pytest.raises(NoLogo):
        redraw(data)


def test_a_small_file_of_many_pixels_is_refused_unread() -> None:
    data = picture(mode="1", size=(4_001, MOST_PIXELS // 4_000))
    assert len(data) < 200_000
    with pytest.raises(NoLogo):
        redraw(data)


async def test_a_logo_is_taken_in_a_confined_process() -> None:
    blobs = MemoryBlobs()
    logos = Logos(blobs)
    digest = await logos.take(picture())
    assert await logos.get(digest) == redraw(picture())
    with pytest.raises(NoLogo):
        await logos.take(b"no picture")
    with pytest.raises(NoLogo):
        await logos.take(picture() + b"\0" * 200_000)
    assert list(blobs.objects) == [f"logos/{digest}.png"]


async def test_however_many_logos_come_at_once_there_is_one_process() -> None:
    running, most = 0, 0

    class Process:
        async def run(self, _job: object, data: bytes) -> bytes:
            nonlocal most
            most = max(most, running)
            await asyncio.sleep(0)
            return data

    @asynccontextmanager
    async def process() -> AsyncIterator[Any]:
        nonlocal running
        running += 1
        yield Process()
        running -= 1

    logos = Logos(MemoryBlobs(), process)
    await asyncio.gather(*(logos.take(bytes([one])) for one in range(5)))
    assert most == 1


async def test_pages_and_mails_show_the_logo_and_anybody_may_load_it(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    assert (await saved(reseller, picture())).status_code == 303
    digest = digest_of(await brand(site))
    assert digest
    assert (await brand(site)).logo_url == f"https://{HOST}/logos/{digest}.png"
    shown = f'<img src="/logos/{digest}.png" alt="Northwind Fax"'
    assert shown in (await reseller.get("/domains")).text
    stranger = site.client()
    assert shown in (await stranger.get("/sign-in")).text
    answer = await site.client().get(f"/logos/{digest}.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert "immutable" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    for nothing in ("0" * 64, "x", "..%2Ffax%2Fsomething"):
        assert (await stranger.get(f"/logos/{nothing}.png")).status_code == 404


async def test_the_logo_stays_with_the_brand_until_it_is_taken_away(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    await saved(reseller, picture())
    before = digest_of(await brand(site))
    await saved(reseller, portal_host="fax.northwind.example", support="Call us")
    assert ((await brand(site)).support, digest_of(await brand(site))) == ("Call us", before)
    assert ((await brand(site)).logo_url or "").startswith("https://fax.northwind.example/logos/")
    await saved(reseller, no_logo="yes")
    assert (await brand(site)).logo_url is None


async def test_a_file_that_is_no_logo_changes_nothing_and_says_what_is(site: Portal) -> None:
    reseller = await site.signed_in("reseller")
    before = await brand(site)
    answer = await saved(reseller, b"no picture", name="Another Name")
    assert answer.status_code == 422
    assert 'id="wrong-logo-1">Choose a PNG or JPEG' in answer.text
    assert 'value="Another Name"' in answer.text
    assert await brand(site) == before
