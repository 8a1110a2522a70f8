"""Shorter retentions on both databases: who keeps faxes for how long, what is named, when, and when again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from schemas.base import Event
from schemas.fax import FaxStatusChanged
from schemas.retention import RetentionRequested
from services._runtime.claims import Claims
from services._runtime.database import connect, migrate
from services._runtime.history import History
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown
from services.portal.history.adapters import Projection
from services.portal.inventory.views import Account
from services.portal.retentions.adapters import Accounts
from services.portal.retentions.app import count
from services.portal.retentions.asking import LATE, LEASE, Asking
from services.portal.retentions.naming import Naming
from services.portal.retentions.telling import Told
from tests.fakes import MemoryBlobs
from tests.integration.inventory_world import NUMBERS, RESELLER, World, saved, world
from tests.providers.postgres import Postgres

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 28, 13, 30, tzinfo=UTC)


@dataclass
class Published:
    """Remembers what is published; `away` has the broker not confirm."""

    tasks: list[RetentionRequested] = field(default_factory=list)
    away: bool = False

    async def publish_events(self, events: Sequence[Event]) -> None:
        if self.away:
            raise PublishUnknown("in a test")
        self.tasks += [event for event in events if isinstance(event, RetentionRequested)]

    def named(self) -> list[UUID]:
        """The faxes that were named since the last call."""
        tasks, self.tasks = self.tasks, []
        return [fax_id for task in tasks for fax_id in task.fax_ids or ()]


@dataclass
class Office:
    """A portal with a history, and its processes that name faxes."""

    portal: World
    projection: Projection
    history: History
    urls: dict[str, str]
    published: Published = field(default_factory=Published)
    store: MemoryBlobs = field(default_factory=MemoryBlobs)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def process(self, owner: str = "one", registry: CollectorRegistry | None = None) -> Asking:
        claims = Claims(self.store, owner, LEASE, self.now)
        told = Told(registry or CollectorRegistry())
        naming = Naming(Accounts(self.portal.engine), self.history, self.published, told)
        return Asking(naming, claims, told, self.now)

    async def account(self, number: int, days: int) -> Account:
        return (await self.portal.added(NUMBERS[number], settings={"retention_days": days})).account

    async def fax(self, account: Account | None, age: timedelta) -> UUID:
        step = FaxStatusChanged(
            fax_id=uuid4(),
            version=2,
            state="routed",
            stage="router",
            at=NOW,
            direction="received",
            accepted_at=NOW - age,
            account_id=account.account_id if account else None,
        )
        await self.projection.write([step])
        return step.fax_id


@asynccontextmanager
async def office_on(portal_url: str, history_url: str) -> AsyncIterator[Office]:
    engine = connect(history_url)
    await migrate(engine, "services._runtime.history")
    try:
        async with world(portal_url) as portal:
            urls = {"PORTAL": portal_url, "HISTORY": history_url}
            yield Office(portal, Projection(engine, lambda: NOW), History(engine), urls)
    finally:
        await engine.dispose()


@pytest.fixture
async def office(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    if database.startswith("sqlite"):
        async with office_on(database.replace("test.sqlite", "portal.sqlite"), database) as made:
            yield made
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = postgres.create()
    async with office_on(postgres.url(name), database) as made:
        yield made
    postgres.give_back(name)


async def test_what_each_account_no_longer_keeps_is_named_and_nothing_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removed accounts keep to what they said; nobody's faxes aren't named. Whatever is read comes in many pages."""
    for name in ("adapters.AT_ONCE", "naming.ACCOUNTS", "naming.PAGE", "naming.MESSAGES"):
        monkeypatch.setattr(f"services.portal.retentions.{name}", 1)
    month, quarter, year = [await office.account(number, days) for number, days in enumerate((30, 90, 365))]
    due = {await office.fax(month, 31 * DAY), await office.fax(month, 300 * DAY), await office.fax(quarter, 91 * DAY)}
    for account, age in (
        (month, 29 * DAY),
        (month, 30 * DAY),
        (quarter, 89 * DAY),
        (year, 364 * DAY),
        (None, 99 * DAY),
    ):
        await office.fax(account, age)
    saved(await office.portal.inventory.accounts.remove(RESELLER, month.account_id, month.version))
    assert await office.process(registry=office.registry).ask_once() == len(due)
    assert {task.due_before for task in office.published.tasks} == {NOW - 30 * DAY, NOW - 90 * DAY}
    assert {str(task.day) for task in office.published.tasks} == {"2026-10-28", "2026-02-01", "2026-08-29"}
    assert set(office.published.named()) == due
    assert office.registry.get_sample_value("nativefax_retention_named_faxes_total") == len(due)
    assert office.registry.get_sample_value("nativefax_retention_named_seconds") == NOW.timestamp()


async def test_what_stays_is_named_once_a_day_and_what_becomes_due_within_the_hour(office: Office) -> None:
    account = await office.account(0, 30)
    on_hold, soon = await office.fax(account, 50 * DAY), await office.fax(account, 30 * DAY - HOUR)
    one, other = office.process("one"), office.process("other")
    answers = await asyncio.gather(one.ask_once(), other.ask_once())
    assert None not in answers, "one takes the day, the other the hour"
    assert office.published.named() == [on_hold]
    assert [await one.ask_once(), await other.ask_once()] == [None, None]
    named = {}
    for hour in range(1, 24):
        office.at = NOW + hour * HOUR + timedelta(minutes=1)
        for process in (one, other):
            await process.ask_once()
        named[hour] = office.published.named()
    assert named[1] == [soon]
    assert sum(fax_ids.count(on_hold) for fax_ids in named.values()) == 1, "with the day after"
    assert sum(fax_ids.count(soon) for fax_ids in named.values()) == LATE // HOUR + 1


async def test_while_something_is_away_it_waits_and_then_names_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed is free at once for whichever process comes next; a process that was killed holds it for a while."""
    monkeypatch.setattr("services.portal.retentions.asking.TICK_SECONDS", 0.01)
    fax_id = await office.fax(await office.account(0, 30), 31 * DAY)
    killed = Claims(office.store, "killed", LEASE, office.now)
    await killed.take("retention/named/2026-11-28/")
    assert await office.process().ask_once() == 0, "only the hour's"
    office.published.away = True
    running = asyncio.create_task(office.process().run())
    office.at += LEASE
    await until(lambda: len(office.store.objects) > 4)
    assert not office.published.tasks
    office.published.away = False
    await until(lambda: bool(office.published.tasks))
    assert office.published.named() == [fax_id]
    running.cancel()


async def test_a_history_that_is_away_leaves_the_day_to_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fax_id = await office.fax(await office.account(0, 30), 31 * DAY)

    async def away(*_: object, **__: object) -> None:
        raise DependencyAway("database", "in a test")

    with monkeypatch.context() as patch:
        patch.setattr(office.history, "faxes", away)
        with pytest.raises(DependencyAway):
            await office.process("one").ask_once()
    assert await office.process("other").ask_once() == 1
    assert office.published.named() == [fax_id]


async def test_a_dry_run_counts_them(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in office.urls:
        monkeypatch.delenv(f"NATIVEFAX_{name}_DATABASE", raising=False)
    assert await count() is None, "nothing says where to look"
    for name, url in office.urls.items():
        monkeypatch.setenv(f"NATIVEFAX_{name}_DATABASE", url)
    monkeypatch.setattr("services.portal.retentions.app.utc_now", office.now)
    account = await office.account(0, 30)
    for days in (29, 31, 32):
        await office.fax(account, days * DAY)
    assert await count() == 2


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0.01)
