"""Of what is dear, large forms and pictures of pages, nobody has so much at a time that others have none."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from services.portal.faxes.pictures import Pictures
from services.portal.web import forms, gate
from services.portal.web.fax_pages import resending
from tests.providers.portal import form_token, portal

MULTIPART = {"content-type": "multipart/form-data; boundary=x", "content-length": str(gate.LARGE + 1)}


@dataclass
class Uploads:
    """Forms that come in until `over`; `read` are those of which something was read."""

    read: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def body(self, whose: str) -> AsyncIterator[bytes]:
        self.read.append(whose)
        await self.over.wait()
        yield b"--x--\r\n"

    def begin(self, client: httpx.AsyncClient, whose: str) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(client.post("/send", content=self.body(whose), headers=MULTIPART))

    async def are_read(self, *whose: str) -> bool:
        async with asyncio.timeout(10):
            while sorted(self.read) != sorted(whose):  # noqa: ASYNC110 - no event of the portal says so
                await asyncio.sleep(0.01)
        return True


async def test_a_third_large_form_of_one_person_is_not_read_and_somebody_elses_is(tmp_path: Path) -> None:
    async with portal(tmp_path) as site:
        mine, theirs, uploads = await site.signed_in("user"), await site.signed_in("manager"), Uploads()
        begun = [uploads.begin(mine, "mine") for _ in range(2)]
        assert await uploads.are_read("mine", "mine")
        begun += [uploads.begin(mine, "mine"), uploads.begin(theirs, "theirs")]
        assert await uploads.are_read("mine", "mine", "theirs")
        uploads.over.set()
        assert {one.status_code for one in await asyncio.gather(*begun)} == {403}, "without a token of ours"
        assert await uploads.are_read("mine", "mine", "mine", "theirs")


async def test_a_form_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FORM_SECONDS", 0.1)
    async with portal(tmp_path) as site:
        answer = await Uploads().begin(await site.signed_in("user"), "mine")
    assert (answer.status_code, "Nothing was changed" in answer.text) == (408, True)


async def test_one_who_asks_for_every_page_at_once_leaves_room_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, over = 0, asyncio.Event()

    async def slow(_: Pictures, _key: str, number: int, _width: int) -> bytes:
        nonlocal waiting
        waiting += 1
        if number > 1:
            await over.wait()
        return b"a picture"

    monkeypatch.setattr(Pictures, "page", slow)
    async with portal(tmp_path) as site:
        fax = await site.stored.put("accepted", "routed", pages=40)
        first = await site.signed_in("manager")
        asked = [asyncio.create_task(first.get(f"/fax/{fax}/page/{number}")) for number in range(2, 42)]
        unclaimed = await site.stored.put("accepted", "unclaimed")
        other = await site.signed_in("reseller")
        assert (await other.get(f"/fax/{unclaimed}/page/1")).content == b"a picture"
        assert waiting <= 21
        over.set()
        assert {one.status_code for one in await asyncio.gather(*asked)} == {200}


async def test_few_faxes_are_taken_into_drafts_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def slow(*_: object) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    monkeypatch.setattr(resending, "forwarded", slow)
    async with portal(tmp_path) as site:
        fax, client = await site.stored.put("accepted", "routed"), await site.signed_in("manager")
        token = form_token((await client.get(f"/fax/{fax}")).text)
        asked = (client.post(f"/fax/{fax}/forward", data={"form_token": token}) for _ in range(5))
        assert {one.status_code for one in await asyncio.gather(*asked)} == {404}
    assert most == 2
