"""Live faxes on real Kafka: a step is published, projected by the stage `history`, and told by the portal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.routing import Mount

from schemas.fax import FaxStatusChanged
from services._runtime import topic_admin
from services._runtime.database import connect, transaction
from services._runtime.publisher import Publisher
from services._runtime.service import StageService
from services._runtime.settings import KafkaSettings, StageSettings
from services.portal import app as portal_app
from services.portal.history import app as history_app
from services.portal.inventory.tables import RESELLERS, USERS
from services.portal.inventory.views import User
from services.portal.inventory.writing import user_row
from services.portal.web.signing_in.passwords import Passwords
from services.portal.web.signing_in.people import People
from tests.providers.cluster import Cluster
from tests.providers.portal import EMAILS, PASSWORD, post, served

NOW = datetime.now(UTC)


@pytest.fixture
async def address(cluster: Cluster, tmp_path: Path) -> AsyncIterator[str]:
    """The portal and the history on databases of their own; of two resellers somebody can sign in."""
    settings = {
        **cluster.environment,
        "NATIVEFAX_PORTAL_DATABASE": f"sqlite:///{tmp_path}/portal.sqlite",
        "NATIVEFAX_HISTORY_DATABASE": f"sqlite:///{tmp_path}/history.sqlite",
        "NATIVEFAX_PORTAL_FIRST_EMAIL": EMAILS["reseller"],
        "NATIVEFAX_PORTAL_FIRST_PASSWORD": PASSWORD,
        "NATIVEFAX_PORTAL_SAMPLE": "true",
        "NATIVEFAX_PORTAL_URL": "http://127.0.0.1",
        "NATIVEFAX_LINKS_SECRET": "s" * 40,
    }
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in settings.items():
            patch.setenv(name, value)
        await asyncio.to_thread(topic_admin.apply_now, KafkaSettings())
        running = []
        for name, build in (("history", history_app.build), ("portal", portal_app.build)):
            service = StageService(name, build, KafkaSettings(), StageSettings())
            stack.push_async_callback(service.stop)
            await service.start()
            running.append(service)
        await _rival(settings["NATIVEFAX_PORTAL_DATABASE"])
        yield await stack.enter_async_context(served(Starlette(routes=[Mount("/", app=running[1].web)])))
        running[1].ending()


async def _rival(database: str) -> None:
    engine = connect(database)
    user = User("rival-owner", "rival", None, None, "Rita Val", EMAILS["rival"], "reseller", fax_only=False)
    async with transaction(engine) as connection:
        await connection.execute(insert(RESELLERS), {"reseller": "rival", "white_label": True})
        await connection.execute(insert(USERS), user_row(user, NOW))
    await People(engine, Passwords()).set_password(user.user_id, PASSWORD)
    await engine.dispose()


def step(reseller: str) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=uuid4(),
        version=1,
        state="unclaimed",
        stage="router",
        at=NOW,
        direction="received",
        accepted_at=NOW,
        reseller=reseller,
    )


async def heard(client: httpx.AsyncClient, until: str, listens: asyncio.Event) -> str:
    """All that a browser hears until `until` is named; it `listens` from its first heartbeat on."""
    said = ""
    async with client.stream("GET", "/faxes/live", headers={"Accept": "text/event-stream"}) as answer:
        async for part in answer.aiter_text():
            said += part
            listens.set()
            if until in said:
                return said
    raise AssertionError(said)


async def test_a_step_is_told_to_whose_fax_it_is_and_to_nobody_else(address: str) -> None:
    ours, theirs = step("reseller"), step("rival")
    async with AsyncExitStack() as stack:
        browsers = []
        for who in ("reseller", "rival"):
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=60))
            assert (await post(client, "/sign-in", email=EMAILS[who], password=PASSWORD)).status_code == 303
            browsers.append(client)
        publisher = Publisher(KafkaSettings(), source="router", confirm_seconds=30)
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        ready = [asyncio.Event() for _ in browsers]
        listening = [
            asyncio.create_task(heard(client, str(one.fax_id), listens))
            for client, one, listens in zip(browsers, (ours, theirs), ready, strict=True)
        ]
        async with asyncio.timeout(60):
            for listens in ready:
                await listens.wait()
            await publisher.publish_events([ours, theirs])
            told = await asyncio.gather(*listening)
            page = await browsers[0].get(f"/fax/{ours.fax_id}")
    assert str(theirs.fax_id) not in told[0]
    assert str(ours.fax_id) not in told[1]
    assert page.status_code == 200, "what was told can be looked at at once"
