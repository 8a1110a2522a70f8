"""The history's tables on SQLite and PostgreSQL: written by several at once, read in pages."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxState, FaxStatusChanged
from schemas.retention import FaxExpired
from services._runtime.database import connect, migrate, transaction
from services._runtime.history import Cursor, FaxRow, History, Whose
from services._runtime.history.tables import GONE, METADATA
from services._runtime.outcomes import DependencyAway
from services.portal.history.adapters import REMEMBERED, Projection
from tests.providers.postgres import Postgres

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ACCOUNT = "account-1"


def now() -> datetime:
    return NOW


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    opened = connect(database)
    await migrate(opened, "services._runtime.history")
    yield opened
    await opened.dispose()


def step(fax_id: UUID, version: int = 2, state: FaxState = "ready", **more: Any) -> FaxStatusChanged:
    given: dict[str, Any] = {
        "fax_id": fax_id,
        "version": version,
        "state": state,
        "stage": "router",
        "at": NOW + timedelta(seconds=version),
        "direction": "received",
        "accepted_at": NOW,
        "account_id": ACCOUNT,
        "other_party": "+15550100",
    }
    return FaxStatusChanged.model_validate(given | more)


def expired(fax_id: UUID) -> FaxExpired:
    return FaxExpired(fax_id=fax_id, accepted_at=NOW, expired_at=NOW, objects=1, size=1)


async def faxes(engine: AsyncEngine, whose: Whose | str = ACCOUNT, **asked: Any) -> list[FaxRow]:
    """All pages, each of two."""
    found: list[FaxRow] = []
    after: Cursor | None = None
    while True:
        given = {"direction": None, "states": (), "since": None, "until": None} | asked
        page = await History(engine).faxes(whose, **given, after=after, limit=2)
        found += page.rows
        if page.next is None:
            return found
        after = page.next


async def test_the_migrations_make_the_tables_that_the_code_knows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": False}), METADATA)
        )
    assert differences == []


async def test_a_step_comes_back_as_it_was(engine: AsyncEngine) -> None:
    fax_id = uuid4()
    zone = timezone_of(-5)
    told = step(fax_id, 3, "routed", at=NOW.astimezone(zone), pages=3, partial=True, rule="portal", detail="é")
    await Projection(engine, now).write([told])
    assert await History(engine).steps(fax_id) == [told]
    row = await History(engine).fax(fax_id)
    assert row == FaxRow(
        fax_id, ACCOUNT, "received", "routed", NOW, NOW, 3, None, "+15550100", 3, None, True, None, "portal"
    )
    assert row.accepted_at.tzinfo is UTC
    assert row.updated_at.tzinfo is UTC


def timezone_of(hours: int) -> Any:
    return datetime.fromisoformat(f"2026-05-04T00:00:00{hours:+03d}:00").tzinfo


async def test_repeats_and_older_steps_change_nothing(engine: AsyncEngine) -> None:
    fax_id = uuid4()
    projection = Projection(engine, now)
    newest = [step(fax_id), step(fax_id, 3, "routed"), step(fax_id, 5, "emailed", recipient="a@example.com")]
    await projection.write(newest)
    row, steps = await History(engine).fax(fax_id), await History(engine).steps(fax_id)
    again = [one.model_copy(update={"at": one.at + timedelta(minutes=1)}) for one in newest]
    for one in reversed([*newest, *again]):
        await projection.write([one, one])
    assert await History(engine).fax(fax_id) == row
    assert await History(engine).steps(fax_id) == steps == newest


async def test_many_writers_in_any_order(engine: AsyncEngine) -> None:
    """Each step is written three times by one of six writers on engines of their own, in groups as they come."""
    shuffled = random.Random(7)
    ids = [uuid4() for _ in range(20)]
    all_steps = [step(fax_id, version, "dialling", direction="sent") for fax_id in ids for version in range(1, 8)]
    gone = set(ids[:5])
    work: list[FaxStatusChanged | FaxExpired] = [*all_steps * 3, *(expired(fax_id) for fax_id in gone)]
    shuffled.shuffle(work)

    async def write(mine: list[FaxStatusChanged | FaxExpired]) -> None:
        other = connect(engine.url.render_as_string(hide_password=False))
        projection = Projection(other, now)
        while mine:
            group, mine = mine[:9], mine[9:]
            await projection.write([one for one in group if isinstance(one, FaxStatusChanged)])
            await projection.remove([one for one in group if isinstance(one, FaxExpired)])
        await other.dispose()

    await asyncio.gather(*(write(work[number::6]) for number in range(6)))
    history = History(engine)
    for fax_id in ids:
        row, steps = await history.fax(fax_id), await history.steps(fax_id)
        if fax_id in gone:
            assert row is None
            assert steps == []
        else:
            assert row is not None
            assert row.version == 7
            assert [one.version for one in steps] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_late_step_brings_no_expired_fax_back(engine: AsyncEngine) -> None:
    projection, fax_id, early = Projection(engine, now), uuid4(), uuid4()
    await projection.write([step(fax_id)])
    await projection.remove([expired(fax_id), expired(early)])
    await projection.write([step(fax_id, 9), step(early)])
    assert await faxes(engine) == []
    assert await History(engine).steps(fax_id) == []


async def test_a_fax_that_should_be_gone_by_now_is_not_written(engine: AsyncEngine) -> None:
    old = step(uuid4(), accepted_at=NOW - timedelta(days=365, seconds=1))
    young = step(uuid4(), accepted_at=NOW - timedelta(days=365))
    await Projection(engine, now).write([old, young])
    assert [row.fax_id for row in await faxes(engine)] == [young.fax_id]


async def test_tombstones_go_when_no_step_can_come_any_more(engine: AsyncEngine) -> None:
    await Projection(engine, now).remove([expired(uuid4())])
    await Projection(engine, lambda: NOW + REMEMBERED + timedelta(seconds=1)).remove([expired(uuid4())])
    async with transaction(engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(GONE)) == 1


async def test_pages_and_filters(engine: AsyncEngine) -> None:
    moments = [NOW + timedelta(minutes=minute) for minute in (5, 4, 4, 3, 2)]
    states: list[FaxState] = ["delivered", "failed", "ready", "delivered", "emailed"]
    sent = {"delivered", "failed"}
    told = [
        step(uuid4(), 4, state, accepted_at=moment, direction="sent" if state in sent else "received")
        for moment, state in zip(moments, states, strict=True)
    ]
    await Projection(engine, now).write([*told, step(uuid4(), account_id="another"), step(uuid4(), account_id=None)])

    everything = await faxes(engine)
    order = [(row.accepted_at, row.fax_id.hex) for row in everything]
    assert order == sorted(order, reverse=True)
    assert {row.fax_id for row in everything} == {one.fax_id for one in told}
    assert [row.state for row in await faxes(engine, direction="sent")] == ["delivered", "failed", "delivered"]
    assert [row.state for row in await faxes(engine, states=["failed", "emailed"])] == ["failed", "emailed"]
    assert [row.state for row in await faxes(engine, direction="received", states=["delivered"])] == []
    between = await faxes(engine, since=moments[3], until=moments[0])
    assert {row.accepted_at for row in between} == {moments[1], moments[3]}


async def test_a_page_goes_on_where_it_ended_though_newer_faxes_came(engine: AsyncEngine) -> None:
    told = [step(uuid4(), accepted_at=NOW + timedelta(minutes=minute)) for minute in range(4)]
    await Projection(engine, now).write(told)
    history = History(engine)
    first = await history.faxes(ACCOUNT, limit=2)
    await Projection(engine, now).write([step(uuid4(), accepted_at=NOW + timedelta(hours=1))])
    second = await history.faxes(ACCOUNT, after=first.next, limit=2)
    assert [row.fax_id for row in (*first.rows, *second.rows)] == [one.fax_id for one in reversed(told)]
    assert second.next is None


async def test_search_by_how_a_number_ends(engine: AsyncEngine) -> None:
    numbers = ["+15550100", "+15550200", "+15551100", "ANONYMOUS", None]
    await Projection(engine, now).write([step(uuid4(), other_party=one) for one in numbers])
    await Projection(engine, now).write([step(uuid4(), account_id="another")])
    for typed, found in {"0100": 1, "555-0100": 1, "+1 (555) 0100": 1, "100": 2, "00": 3, "x": 0, "": 0}.items():
        assert len((await History(engine).faxes(ACCOUNT, number=typed)).rows) == found, typed


SEARCHED: dict[Whose, list[int]] = {
    Whose(accounts=("a",)): [0],
    Whose(accounts=("a", "b")): [0, 1],
    Whose(domain="one.example"): [0, 1, 2],
    Whose(reseller="r"): [0, 1, 2, 3],
}
"""Who asks → which of `PLACES` is theirs."""
PLACES = [("a", "one.example"), ("b", "one.example"), (None, "one.example"), ("c", "two.example")]


async def test_a_search_and_every_filter_hold_together_page_by_page(engine: AsyncEngine) -> None:
    """Every list of a portal, whoever asks: of each place the same faxes, half of them from another number."""
    shelves: list[tuple[str, list[FaxState]]] = [
        ("received", ["routed", "emailed"]),
        ("received", ["unclaimed"]),
        ("received", ["junk"]),
        ("sent", ["delivered", "failed"]),
    ]
    told = [
        step(
            uuid4(),
            state=states[minute % len(states)],
            direction=direction,
            account_id=account,
            domain=domain,
            reseller="r",
            accepted_at=NOW - timedelta(minutes=minute),
            other_party="+15550123" if minute % 2 else "+15559999",
        )
        for account, domain in PLACES
        for direction, states in shelves
        for minute in range(12)
    ]
    await Projection(engine, now).write(told)
    since, until = NOW - timedelta(minutes=9), NOW - timedelta(minutes=2)
    for (direction, states), whose in product(shelves, SEARCHED):
        theirs = {PLACES[place] for place in SEARCHED[whose]}
        found = await faxes(
            engine, whose, direction=direction, states=states, since=since, until=until, number="555 0123"
        )
        assert {row.fax_id for row in found} == {
            one.fax_id
            for one in told
            if (one.account_id, one.domain) in theirs
            and (one.direction, one.other_party) == (direction, "+15550123")
            and one.state in states
            and since <= one.accepted_at < until
        }
        assert len(found) == 4 * len(theirs)
        order = [(row.accepted_at, row.fax_id.hex) for row in found]
        assert order == sorted(order, reverse=True)


async def test_faxes_of_several_accounts_of_a_domain_and_of_a_reseller(engine: AsyncEngine) -> None:
    """Three accounts of two domains of one reseller, an unclaimed fax of a domain and one of nobody."""
    places: list[tuple[str | None, str | None, str | None]] = [
        ("a", "one.example", "r"),
        ("b", "one.example", "r"),
        ("c", "two.example", "r"),
        (None, "one.example", "r"),
        ("d", "else.example", "s"),
        (None, None, None),
    ]
    told = [
        step(
            uuid4(),
            account_id=account,
            domain=domain,
            reseller=reseller,
            state="routed" if account else "unclaimed",
            accepted_at=NOW - timedelta(minutes=minute),
        )
        for minute, (account, domain, reseller) in enumerate(places)
    ]
    await Projection(engine, now).write(told)
    a, b, c, lost, *_ = (one.fax_id for one in told)
    asked = {
        Whose(accounts=("a",)): [a],
        Whose(accounts=("c", "a", "a", "nobody")): [a, c],
        Whose(domain="one.example"): [a, b, lost],
        Whose(reseller="r"): [a, b, c, lost],
        Whose(): [],
    }
    for whose, found in asked.items():
        assert [row.fax_id for row in await faxes(engine, whose)] == found, whose
        assert [row.fax_id for row in (await History(engine).faxes(whose, number="0100")).rows] == found, whose
        routed = [fax_id for fax_id in found if fax_id != lost]
        assert [row.fax_id for row in await faxes(engine, whose, states=["routed", "failed"])] == routed, whose
        assert [row.fax_id for row in await faxes(engine, whose, direction="received", since=NOW)] == found[:1], whose
    assert [row.fax_id for row in await faxes(engine, Whose(reseller="r"), states=["unclaimed"])] == [lost]


async def test_more_accounts_than_one_union_takes(engine: AsyncEngine) -> None:
    accounts = tuple(f"account-{number}" for number in range(60))
    told = [
        step(uuid4(), account_id=account, state="junk", accepted_at=NOW - timedelta(minutes=number))
        for number, account in enumerate(accounts)
    ]
    await Projection(engine, now).write(told)
    states: list[FaxState] = ["junk", "routed", "emailed", "failed", "delivered"]
    assert [row.fax_id for row in await faxes(engine, Whose(accounts), states=states)] == [one.fax_id for one in told]


def test_faxes_are_asked_for_in_one_way() -> None:
    with pytest.raises(ValueError, match="by accounts, by domain or by reseller"):
        Whose(accounts=("a",), domain="one.example")


@pytest.mark.parametrize("reading", [True, False])
async def test_a_database_that_is_away_is_said_to_be(postgres: Postgres, reading: bool) -> None:
    url = postgres.url(postgres.create())
    writer, reader = connect(url), connect(url, reading=reading)
    await migrate(writer, "services._runtime.history")
    history, fax_id = History(reader), uuid4()
    assert await history.fax(fax_id) is None
    postgres.kill()
    try:
        for _ in range(2):
            with pytest.raises(DependencyAway, match="database"):
                await history.fax(fax_id)
        with pytest.raises(DependencyAway, match="database"):
            await Projection(writer, now).write([step(uuid4())])
    finally:
        postgres.start()
    await Projection(writer, now).write([step(fax_id)])
    assert await history.fax(fax_id) is not None
    await reader.dispose()
    await writer.dispose()
