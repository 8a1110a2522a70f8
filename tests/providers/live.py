"""A portal of `tests.providers.portal` whose pages are told what changes, on a port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from schemas.fax import FaxStatusChanged
from services.portal.live_faxes.stream import FaxStream
from services.portal.web.site import site
from tests.providers.portal import EMAILS, PASSWORD, Portal, portal, post, served


class LivePortal:
    """The portal, its stream and its address."""

    def __init__(self, made: Portal, stream: FaxStream, address: str) -> None:
        self.portal, self.stream, self.address = made, stream, address

    @asynccontextmanager
    async def browser(self, role: str) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody with that role, signed in."""
        async with httpx.AsyncClient(base_url=self.address, timeout=20) as client:
            answer = await post(client, "/sign-in", email=EMAILS[role], password=PASSWORD)
            assert answer.status_code == 303
            yield client

    async def arrives(self, *states: Any, **said: Any) -> UUID:
        """A fax, in the history and on the topic."""
        fax_id = await self.portal.stored.put(*(states or ("accepted", "routed")), **said)
        for step in await self.portal.stored.faxes.history.steps(fax_id):
            self.stream.hear(step)
        return fax_id

    async def goes_on(self, fax_id: UUID, **changes: Any) -> None:
        """Its next step."""
        before = (await self.portal.stored.faxes.history.steps(fax_id))[-1]
        step = FaxStatusChanged.model_validate(before.model_dump() | {"version": before.version + 1, **changes})
        await self.portal.stored.projection.write([step])
        self.stream.hear(step)


@asynccontextmanager
async def live_portal(folder: Path) -> AsyncIterator[LivePortal]:
    """It, over plain HTTP."""
    async with portal(folder, secure=False) as made:
        stream = FaxStream(made.stored.faxes.history)
        app = site(replace(made.services, fax_stream=stream))
        working = asyncio.create_task(stream.work())
        try:
            async with served(app) as address:
                yield LivePortal(replace(made, app=app), stream, address)
                stream.close()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
