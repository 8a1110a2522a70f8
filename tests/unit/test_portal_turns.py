"""One person, however many pages they open, keeps nobody else waiting for long."""

import asyncio
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any, cast

from services.portal.sending.api import FaxApi, Outgoing, Previewed
from services.portal.sending.drafts import Drafts, Given
from services.portal.sending.sending import AT_ONCE, Sender, Sending
from services.portal.turns import Turns
from tests.fakes import MemoryBlobs


async def test_a_crowd_of_one_person_waits_behind_itself_and_all_together_are_few() -> None:
    turns, over = Turns(at_once=3, of_one=2), asyncio.Event()
    inside: list[str] = []

    async def stay(who: str) -> None:
        async with turns.taken(who):
            inside.append(who)
            await over.wait()

    async with asyncio.TaskGroup() as group:
        for who in ("eve", "eve", "eve", "eve", "ada", "ben"):
            group.create_task(stay(who))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert inside == ["eve", "eve", "ada"]
        over.set()
    assert sorted(inside) == ["ada", "ben", "eve", "eve", "eve", "eve"]
    async with AsyncExitStack() as stack:
        for who in ("eve", "eve", "ben"):
            await asyncio.wait_for(stack.enter_async_context(turns.taken(who)), 1)  # whoever failed let go


class Slow:
    """An API that is not done with the previews of one person."""

    async def preview(self, fax: Outgoing) -> Previewed:
        if fax.sender == "eve@clinic.example":
            await asyncio.Event().wait()
        return Previewed(b"%PDF", 1)


async def test_many_previews_of_one_person_leave_room_for_the_next() -> None:
    settings = SimpleNamespace(allowed_senders=(), notify=())
    account: Any = SimpleNamespace(account_id="acc-1", settings=settings, user=None)
    sending = Sending(Drafts(MemoryBlobs()), cast("FaxApi", Slow()), cast("Any", None))

    async def pages(name: str) -> Any:
        draft = await sending.drafts.begin(name)
        kept, _ = await sending.drafts.add(name, draft.draft_id, [Given("a.pdf", "application/pdf", b"%PDF")])
        assert kept
        return await sending.pages(Sender(name, f"{name}@clinic.example", account), kept)

    crowd = [asyncio.create_task(pages("eve")) for _ in range(AT_ONCE + 2)]
    try:
        assert await asyncio.wait_for(pages("ada"), 5) == 1
    finally:
        for one in crowd:
            one.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
