"""A migrated and seeded portal database, its inventory, and who asks."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Event
from schemas.envelope import decode
from schemas.topics import TOPICS
from services._runtime.database import connect, transaction
from services._runtime.outbox import Outbox
from services._runtime.publisher import Message
from services.portal.inventory import Inventory
from services.portal.inventory.actors import Actor
from services.portal.inventory.files import nobody_asks, nothing_more
from services.portal.inventory.forms import AddAccount, MoveForm, PrimaryUser
from services.portal.inventory.jobs import JobResult
from services.portal.inventory.refusals import Refused
from services.portal.inventory.seeding import DOMAIN, NUMBERS_OF_DOMAIN, seed
from services.portal.inventory.tables import BRANDS, METADATA, OUTBOX, RESELLERS
from services.portal.inventory.views import Account, Saved

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
RESELLER = Actor("rita", "Rita Reseller", "reseller", "reseller")
MANAGER = Actor("max", "Max Manager", "manager", "reseller", DOMAIN)
STRANGER = Actor("sam", "Sam Stranger", "reseller", "stranger")
NUMBERS = NUMBERS_OF_DOMAIN
ATA: dict[str, Any] = {"methods": ("email", "ata"), "device_type": "Grandstream HT801"}


@dataclass
class Topics:
    """`Publishes` in a list."""

    messages: list[Message] = field(default_factory=list)

    async def publish(self, messages: Sequence[Message]) -> None:
        self.messages += messages


@dataclass
class World:
    engine: AsyncEngine
    outbox: Outbox
    topics: Topics
    inventory: Inventory
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def later(self, **much: float) -> None:
        self.at += timedelta(**much)

    async def published(self) -> list[Any]:
        """Every event since the start, in the order of the outbox."""
        while await self.outbox.drain():
            pass
        topics = {one.name: one for one in TOPICS}
        return [decode(topics[one.topic], one.headers, one.value) for one in self.topics.messages]

    async def added(self, number: str = NUMBERS[0], **more: Any) -> Saved:
        """An account that must not be refused."""
        return saved(await self.inventory.accounts.add(RESELLER, form(number, **more)))

    async def stranger(self) -> None:
        """Another reseller with a domain and a number of its own."""
        async with transaction(self.engine) as connection:
            await connection.execute(insert(RESELLERS), [{"reseller": "stranger", "white_label": True}])
            face = json.loads(await connection.scalar(select(BRANDS.c.brand)) or "") | {"portal_host": "other.example"}
            row = {"reseller": "stranger", "portal_host": "other.example", "brand": json.dumps(face)}
            await connection.execute(insert(BRANDS), [row])
        await self.inventory.numbers.add_domain(STRANGER, "other.example", None)
        await self.inventory.numbers.add_numbers(STRANGER, "other.example", ["+12025550150", "+12025550151"])


@asynccontextmanager
async def world(url: str) -> AsyncIterator[World]:
    engine, topics = connect(url), Topics()
    try:
        await make_tables(engine)
        await seed(engine, now=lambda: NOW)
        outbox = Outbox(engine, OUTBOX, topics, source="portal")
        made = World(engine, outbox, topics, None)  # type: ignore[arg-type]
        made.inventory = Inventory(engine, outbox, made.now)
        yield made
    finally:
        await engine.dispose()


async def make_tables(engine: AsyncEngine) -> None:
    """What the migrations make, which a test compares; this is quicker."""
    async with transaction(engine) as connection:
        await connection.run_sync(METADATA.create_all)


def form(number: str = NUMBERS[0], **more: Any) -> AddAccount:
    given: dict[str, Any] = {
        "domain": DOMAIN,
        "number": number,
        "user": PrimaryUser(written="1001"),
        "methods": ("email", "portal"),
        "handling": "email-with-attachment",
    }
    return AddAccount(**(given | more))


def saved(answer: Saved | Refused) -> Saved:
    assert isinstance(answer, Saved), answer
    return answer


def codes(answer: object) -> tuple[str, ...]:
    assert isinstance(answer, Refused), answer
    return answer.codes


def of_number(events: Sequence[Event], account: Account) -> list[Any]:
    return [one for one in events if getattr(one, "fax_number", None) == account.number]


async def move_number(
    inventory: Inventory, number: str, target: str, *, source: str = DOMAIN, actor: Actor = RESELLER
) -> JobResult:
    """Give a number to another domain; if it is a fax number, its account ends."""
    form = MoveForm((number,), target, goes_on=False)
    return await inventory.moves.move(actor, source, form, nobody_asks, nothing_more)
