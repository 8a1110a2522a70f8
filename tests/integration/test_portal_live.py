"""Live faxes over HTTP: who is told what, for how long, and what ends it. And links from mails, which lead to a fax."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.schema import DropTable

from services._runtime.database import transaction
from services._runtime.links import Links, fax_page
from services._runtime.process import Server
from services.portal.inventory.actors import Actor
from services.portal.inventory.forms import ChangeAccount
from services.portal.inventory.refusals import Refused
from services.portal.inventory.tables import ACCOUNTS, AUDIT
from services.portal.link_uses import LinkUses
from services.portal.pages import app as link_pages
from services.portal.web.fax_pages import live
from services.portal.web.site import site
from tests.fakes import MemoryBlobs
from tests.providers.faxes import received
from tests.providers.live import LivePortal, live_portal
from tests.providers.portal import DOMAIN, EMAILS, PASSWORD, post
from tests.unit.mails import AT, FAX, KEY, PDF

LETTER = Path(__file__).parents[1] / "data" / "submitted" / "letter.pdf"
PICTURE = KEY.replace("document.pdf", "thumbnail.png")
NORA = Actor("owner", "Nora Wind", "reseller", "reseller")
ACCOUNTS_PAGE = f"/domains/{DOMAIN}/accounts"


class Events:
    """What a browser hears."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.heard: list[str] = []
        self.passed_over = ""
        self.lines = answer.aiter_lines()

    async def next(self, name: str) -> tuple[str, str]:
        """The next event of that name: its id and data. Heartbeats and others are passed over."""
        async with asyncio.timeout(20):
            fields: dict[str, str] = {}
            async for line in self.lines:
                if line:
                    key, _, value = line.partition(":")
                    fields[key] = value.strip()
                elif fields.get("event") == name:
                    return fields.get("id", ""), fields["data"]
                else:
                    self.heard += [fields["event"]] if "event" in fields else []
                    self.passed_over += fields.get("data", "")
                    fields = {}
        raise AssertionError(f"the stream ended without {name}")

    async def faxes(self) -> list[tuple[UUID, str]]:
        return [(UUID(one["id"]), one["state"]) for one in json.loads((await self.next("faxes"))[1])]


@asynccontextmanager
async def listening(client: httpx.AsyncClient, address: str = "/faxes/live", **headers: str) -> AsyncIterator[Events]:
    async with client.stream("GET", address, headers={"Accept": "text/event-stream", **headers}) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        events = Events(answer)
        async with asyncio.timeout(20):
            async for line in events.lines:
                if line == "":
                    break  # the first heartbeat: they have joined
        yield events


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LivePortal]:
    monkeypatch.setattr(live, "BELIEVED", 0.0)
    monkeypatch.setattr(live, "PACE", 0.0)
    monkeypatch.setattr(live, "HEARTBEAT", 0.1)
    async with live_portal(tmp_path) as made:
        yield made


async def test_a_fax_is_told_to_its_people_and_to_nobody_else(world: LivePortal) -> None:
    async with AsyncExitStack() as stack:
        browsers = [
            await stack.enter_async_context(world.browser(one)) for one in ("manager", "reseller", "rival", "user")
        ]
        manager, reseller, rival, user = [await stack.enter_async_context(listening(one)) for one in browsers]
        fax = await world.arrives()
        assert await manager.faxes() == [(fax, "routed")]
        assert await reseller.faxes() == [(fax, "routed")]
        theirs = await world.arrives(reseller="rival", domain="rival.example")
        assert await rival.faxes() == [(theirs, "routed")], "and the one before not"
        await post(browsers[3], "/sign-out")
        assert await user.next("over") == ("", "signed-out"), "and no fax before"
        assert user.heard == []


async def test_who_loses_a_fax_number_or_their_password_while_they_listen_hears_no_more(world: LivePortal) -> None:
    reseller = await world.portal.signed_in("reseller")
    form = {"phone_number": "+12025550101", "primary_user": "1003", "methods": "portal", "handling": "portal"}
    assert (await post(reseller, ACCOUNTS_PAGE, **form)).status_code == 303
    async with transaction(world.portal.engine) as connection:
        account = (await connection.execute(select(ACCOUNTS))).one()
    documents = received(LETTER.read_bytes(), thumbnail=b"\x89PNG")
    async with world.browser("user") as user, listening(user) as events:
        fax = await world.arrives(account_id=account.account_id, documents=documents)
        assert await events.faxes() == [(fax, "routed")]
        parts = ("", "/thumbnail", "/page/1", "/small/1", "/fax.pdf")
        assert {(await user.get(f"/fax/{fax}{part}")).status_code for part in parts} == {200}
        numbers = {"numbers": "+12025550101", "primary_user": "1004"}
        job = await post(reseller, f"/domains/{DOMAIN}/reassign", **numbers)
        await post(reseller, job.headers["location"])
        assert await world.portal.services.inventory.worker().step()
        later = await world.arrives(account_id=account.account_id)
        await events.next("anew")
        assert {(await user.get(f"/fax/{fax}{part}")).status_code for part in parts} == {404}
        (ben,) = await world.portal.services.people.known_by(EMAILS["user"])
        await post(reseller, f"/domains/{DOMAIN}/users/{ben.user_id}/password")
        assert await events.next("over") == ("", "signed-out")
        assert str(later) not in events.passed_over


async def test_who_comes_back_hears_what_they_missed(world: LivePortal) -> None:
    async with world.browser("manager") as manager:
        async with listening(manager) as events:
            await world.arrives()
            mark, _ = await events.next("faxes")
        missed = await world.arrives()
        async with listening(manager, **{"Last-Event-ID": mark}) as events:
            assert await events.faxes() == [(missed, "routed")]
        async with listening(manager, f"/faxes/live?after={mark}") as events:
            assert await events.faxes() == [(missed, "routed")]
        async with listening(manager, **{"Last-Event-ID": "another-7"}) as events:
            await events.next("anew")


async def test_an_open_page_keeps_nobody_signed_in(world: LivePortal) -> None:
    async with world.browser("manager") as manager:
        world.portal.ticking.pass_(minutes=40)
        async with listening(manager) as events:
            assert (await manager.get("/faxes/received", headers={"X-By-Itself": "1"})).status_code == 200
            world.portal.ticking.pass_(minutes=21)
            await world.arrives()
            assert (await events.next("over"))[1] == "signed-out"
        again = await manager.get("/faxes/live", headers={"Accept": "text/event-stream"})
        assert again.headers["location"].startswith("/sign-in")


async def test_an_operator_and_a_portal_without_a_history_have_no_stream(world: LivePortal, tmp_path: Path) -> None:
    async with world.browser("operator") as operator:
        assert (await operator.get("/faxes/live")).status_code == 403
    none = site(replace(world.portal.services, fax_stream=None))
    client = await replace(world.portal, app=none).signed_in("manager")
    assert (await client.get("/faxes/live")).status_code == 204


async def test_a_process_that_is_told_to_end_waits_for_no_open_page(world: LivePortal) -> None:
    with closing(socket()) as listens:
        listens.bind(("127.0.0.1", 0))
        config = uvicorn.Config(world.portal.app, log_config=None, lifespan="off", timeout_graceful_shutdown=60)
        server = Server(config, world.stream.close)
        serving = asyncio.create_task(server.serve(sockets=[listens]))
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)
        address = f"http://127.0.0.1:{listens.getsockname()[1]}"
        async with world.browser("manager") as manager, listening(manager, f"{address}/faxes/live") as events:
            server.should_exit = True
            async with asyncio.timeout(20):
                told = [line async for line in events.lines if line.startswith("event:")]
                assert told == [], "it ends, and no word of being signed out"
                await serving


async def test_a_mails_link_leads_through_signing_in_to_the_fax(world: LivePortal) -> None:
    fax = await world.portal.stored.put("accepted", "routed")
    for role, status in (("manager", 200), ("rival", 404)):
        async with httpx.AsyncClient(base_url=world.address) as client:
            form = await client.get(fax_page(fax), follow_redirects=True)
            assert f'name="next" value="{fax_page(fax)}"' in form.text
            fields = {"email": EMAILS[role], "password": PASSWORD, "next": fax_page(fax)}
            signed_in = await post(client, "/sign-in", page="/sign-in", **fields)
            assert signed_in.headers["location"] == fax_page(fax)
            assert (await client.get(fax_page(fax))).status_code == status


async def with_an_account(world: LivePortal) -> str:
    """The id of an account that the reseller has added."""
    reseller = await world.portal.signed_in("reseller")
    form = {"phone_number": "+12025550101", "primary_user": "1003", "methods": "email", "handling": "portal"}
    assert (await post(reseller, ACCOUNTS_PAGE, **form)).status_code == 303
    async with transaction(world.portal.engine) as connection:
        return str(await connection.scalar(select(ACCOUNTS.c.account_id)))


async def test_each_use_of_a_link_is_in_the_audit_log_before_anything_is_shown(world: LivePortal) -> None:
    account = await with_an_account(world)
    blobs, links = MemoryBlobs({KEY: PDF, PICTURE: b"png"}), Links("s" * 40, 7, lambda: AT)
    uses = LinkUses(world.portal.services.inventory.lists.store)
    transport = httpx.ASGITransport(link_pages(blobs, links, uses), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://fax.northwind.example") as client:
        token = links.token(FAX, account, AT, KEY, issued_at=AT)
        await client.get(f"/f/{token}/page1.png")
        assert f'href="{fax_page(FAX)}">Sign in' in (await client.get(f"/f/{token}")).text
        await client.get(f"/f/{token}/page1.png")
        await client.get(f"/f/{token}/fax.pdf")
        await client.get(f"/f/{token}/fax.pdf?download")
        await client.head(f"/f/{token}")
        nobodys = links.token(FAX, "of another portal", AT, KEY, issued_at=AT)
        assert (await client.get(f"/f/{nobodys}")).status_code == 200
        lines = await _links_used(world)
        assert lines == [
            (one, str(FAX), DOMAIN, f'{{"account_id": "{account}"}}')
            for one in ("fax.link-pictured", "fax.link-opened", "fax.link-read", "fax.link-downloaded")
        ]
        async with transaction(world.portal.engine) as connection:
            await connection.execute(DropTable(AUDIT))
        refused = await client.get(f"/f/{token}/fax.pdf")
    assert (refused.status_code, PDF in refused.content) == (500, False)


async def test_a_link_that_is_out_asks_for_a_sign_in_once_its_account_does(world: LivePortal) -> None:
    account = await with_an_account(world)
    blobs, links = MemoryBlobs({KEY: PDF, PICTURE: b"png"}), Links("s" * 40, 7, lambda: AT)
    pages = link_pages(blobs, links, LinkUses(world.portal.services.inventory.lists.store))
    transport = httpx.ASGITransport(pages, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://fax.northwind.example") as client:
        link = f"/f/{links.token(FAX, account, AT, KEY, issued_at=AT)}"
        assert (await client.get(link)).status_code == 200
        change = ChangeAccount(account, 1, settings={"link_access": "sign-in"})
        made = await world.portal.services.inventory.accounts.change(NORA, change)
        assert not isinstance(made, Refused)
        for part in ("", "/fax.pdf", "/fax.pdf?download", "/page1.png"):
            answer = await client.get(link + part)
            assert (answer.status_code, answer.headers["location"]) == (303, fax_page(FAX)), part
            assert answer.headers["cache-control"] == "no-store"
    assert [one[0] for one in await _links_used(world)] == ["fax.link-opened", *["fax.link-refused"] * 4]


async def _links_used(world: LivePortal) -> list[tuple[Any, ...]]:
    columns = (AUDIT.c.what, AUDIT.c.subject, AUDIT.c.domain, AUDIT.c.after)
    chosen = select(*columns).where(AUDIT.c.what.startswith("fax.link-")).order_by(AUDIT.c.id)
    async with transaction(world.portal.engine) as connection:
        return [tuple(row) for row in await connection.execute(chosen)]
