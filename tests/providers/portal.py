"""The Manager Portal on an empty SQLite database with two resellers, for tests of its pages."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

from schemas.accounts import Brand
from services._runtime.database import connect, migrate, transaction
from services._runtime.languages import Languages
from services._runtime.outbox import Outbox
from services.portal.inventory.inventory import Inventory
from services.portal.inventory.seeding import seed
from services.portal.inventory.tables import BRANDS, DOMAINS, NUMBERS, OUTBOX, RESELLERS, USERS
from services.portal.inventory.views import Account, LiveState, User
from services.portal.inventory.writing import user_row
from services.portal.logos.logos import Logos
from services.portal.web.services import Cookies, Services
from services.portal.web.signing_in.passwords import Passwords
from services.portal.web.signing_in.people import People
from services.portal.web.signing_in.sessions import Sessions
from services.portal.web.signing_in.throttle import Throttle
from services.portal.web.signing_in.tokens import Tokens
from services.portal.web.site import site
from tests.providers.faxes import StoredFaxes, stored_faxes
from tests.providers.operations import MemoryOperations, letter
from tests.providers.sending import Api, sending
from tests.unit.bounces import Published

PASSWORD = "correct horse battery"
DOMAIN = "clinic.example"
OTHER = "rival.example"
OTHER_NUMBER = "+12025550190"
HOST = "portal.reseller.example"
BRAND = Brand(
    name="Northwind Fax",
    portal_host=HOST,
    from_address="fax@northwind.example",
    colour="#0f6b5c",
    support="+1 202-555-0100",
)

EMAILS = {
    "reseller": "owner@northwind.example",
    "manager": "ada.okafor@clinic.example",
    "user": "ben.ruiz@clinic.example",
    "operator": "ops@isp.example",
    "rival": "owner@rival.example",
}


@dataclass
class Portal:
    """The application and what is behind it. `ticking` is what it takes for now; `live` what is live."""

    engine: AsyncEngine
    services: Services
    app: ASGIApp
    ticking: "Clock"
    stored: StoredFaxes
    api: Api = field(default_factory=Api)
    live: set[str] = field(default_factory=set)
    pipeline: MemoryOperations = field(default_factory=MemoryOperations)

    def client(self, peer: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser that nobody has signed in with."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(peer, 5000))
        return httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}")

    async def signed_in(self, role: str) -> httpx.AsyncClient:
        """A browser of somebody with that role."""
        client = self.client()
        answer = await post(client, "/sign-in", email=EMAILS[role], password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return client


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    return found.group(1) if found else ""


async def post(client: httpx.AsyncClient, path: str, *, page: str = "", **fields: Any) -> httpx.Response:
    """Send a form as the browser would: with the token of a page that was loaded before."""
    token = form_token((await client.get(page or "/password", follow_redirects=True)).text)
    return await client.post(path, data={"form_token": token, **fields})


@asynccontextmanager
async def portal(
    folder: Path, *, secure: bool = True, clock: Any = None, database: str = "", languages: Languages | None = None
) -> AsyncIterator[Portal]:
    """A portal with everybody of `EMAILS`, who all have the same password; on SQLite, or an empty `database`."""
    if database:
        await _prepare(database)
    engine = connect(database or await _copied(folder / "portal.sqlite"))
    people = People(engine, _passwords())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stored = await stack.enter_async_context(stored_faxes(folder))
        ticking, api = clock or Clock(), Api()
        live: set[str] = set()
        pipeline = MemoryOperations(dead=[letter(17)])

        def state(account: Account) -> LiveState:
            return "live" if account.account_id in live else "becoming live"

        services = Services(
            engine=engine,
            inventory=Inventory(engine, Outbox(engine, OUTBOX, Published(), source="portal")),
            people=people,
            sessions=Sessions(engine, timedelta(minutes=60), timedelta(hours=12), ticking),
            throttle=Throttle(engine, ticking),
            tokens=Tokens(engine, ticking),
            cookies=Cookies(secure=secure),
            live=state,
            faxes=stored.faxes,
            operations=pipeline,
            sending=sending(api, stored.blobs, stored.faxes.pictures),
            logos=Logos(stored.blobs),
            languages=languages or Languages(),
        )
        yield Portal(engine, services, site(services), ticking, stored, api, live, pipeline)


_PREPARED: list[bytes] = []
"""The database that each portal begins with, made once."""


async def _copied(file: Path) -> str:
    if not _PREPARED:
        await _prepare(f"sqlite:///{file}")
        _PREPARED.append(await asyncio.to_thread(file.read_bytes))
    await asyncio.to_thread(file.write_bytes, _PREPARED[0])
    return f"sqlite:///{file}"


async def _prepare(database: str) -> None:
    engine = connect(database)
    await migrate(engine, "services.portal")
    await seed(engine, portal_host=HOST)
    await _fill(engine, People(engine, _passwords()))
    await engine.dispose()  # the last connection's end writes the log into the file


def _passwords() -> Passwords:
    """Hashes that are quick, for tests only."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def _fill(engine: AsyncEngine, people: People) -> None:
    async with transaction(engine) as connection:
        face = {"brand": BRAND.model_dump_json(), "portal_host": HOST}
        await connection.execute(update(BRANDS).where(BRANDS.c.reseller == "reseller").values(face))
        await connection.execute(insert(RESELLERS), {"reseller": "rival", "white_label": True})
        await connection.execute(
            insert(DOMAINS), {"domain": OTHER, "reseller": "rival", "maximum": None, "region": "US"}
        )
        await connection.execute(insert(NUMBERS), {"number": OTHER_NUMBER, "domain": OTHER, "treatment": "available"})
        for user_id, reseller, domain, name, email in (
            ("owner", "reseller", None, "Nora Wind", EMAILS["reseller"]),
            ("rival-owner", "rival", None, "Rita Val", EMAILS["rival"]),
            ("rival-user", "rival", OTHER, "Rob Val", "rob@rival.example"),
        ):
            role = "user" if domain else "reseller"
            user = User(user_id, reseller, domain, None, name, email, role, fax_only=False)  # type: ignore[arg-type]
            await connection.execute(insert(USERS), user_row(user, datetime.now(UTC)))
        hashed = await people._passwords.hash(PASSWORD)
        await connection.execute(
            update(USERS).where(USERS.c.email.in_(list(EMAILS.values()))).values(password_hash=hashed)
        )
    await people.add_operator(EMAILS["operator"], "Olu Per", PASSWORD)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a port of this machine; its address."""
    with contextlib.closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(10):
                while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
