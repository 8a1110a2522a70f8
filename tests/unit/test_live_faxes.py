"""Live faxes: told to whoever may see them and to nobody else, in order, and again after a pause."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from services._runtime.history import FaxRow
from services._runtime.outcomes import DependencyAway
from services.portal.faxes.access import Viewer
from services.portal.live_faxes import audience, stream
from services.portal.live_faxes.audience import BEHIND, PER_PERSON, Full, Listener, News
from services.portal.live_faxes.marks import Marks
from services.portal.live_faxes.ring import Ring
from services.portal.live_faxes.stream import PATIENCE, FaxStream

NOW = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
USER = Viewer("user", "northwind", "clinic.example", frozenset({"account-1"}))
COLLEAGUE = Viewer("user", "northwind", "clinic.example", frozenset({"account-2"}))
MANAGER = Viewer("manager", "northwind", "clinic.example")
NEIGHBOUR = Viewer("manager", "northwind", "law.example")
RESELLER = Viewer("reseller", "northwind")
RIVAL = Viewer("reseller", "rival")
OPERATOR = Viewer("operator")


def row(version: int = 1, **changed: Any) -> FaxRow:
    usual = FaxRow(
        fax_id=uuid4(),
        account_id="account-1",
        direction="received",
        state="routed",
        accepted_at=NOW,
        updated_at=NOW + timedelta(seconds=version),
        version=version,
        fax_number="+12025550101",
        other_party="+12025550102",
        pages=1,
        pages_announced=None,
        partial=False,
        reason=None,
        rule=None,
        reseller="northwind",
        domain="clinic.example",
    )
    return replace(usual, **changed)


def step(row: FaxRow) -> FaxStatusChanged:
    """The step after which a fax stands so, as a later stage tells it: without domain and reseller."""
    return FaxStatusChanged(
        fax_id=row.fax_id,
        version=row.version,
        state=row.state,
        stage="router",
        at=row.updated_at,
        direction=row.direction,
        accepted_at=row.accepted_at,
        account_id=row.account_id,
    )


def gone(row: FaxRow) -> FaxExpired:
    """Somebody deleted it."""
    return FaxExpired(
        fax_id=row.fax_id,
        account_id=row.account_id,
        accepted_at=row.accepted_at,
        expired_at=NOW,
        cause="deleted-by-user",
        objects=1,
        size=1,
    )


class Rows:
    """A history, which may be behind or away."""

    def __init__(self) -> None:
        self.there: dict[UUID, FaxRow] = {}
        self.asked = 0
        self.away = False

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        self.asked += 1
        if self.away:
            raise DependencyAway("database", "switched off in a test")
        return self.there.get(fax_id)


class World:
    def __init__(self) -> None:
        self.rows = Rows()
        self.now = 0.0
        self.stream = FaxStream(self.rows, lambda: self.now)

    def happens(self, fax: FaxRow, *, written: bool = True) -> FaxRow:
        if written:
            self.rows.there[fax.fax_id] = fax
        self.stream.hear(step(fax))
        return fax

    def has_told(self, steps: int) -> bool:
        return self.stream.mark == self.stream._marks.of(steps)

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(20):
            while self.rows.asked < times:  # noqa: ASYNC110 - a poll with a bound
                await asyncio.sleep(0.001)


@asynccontextmanager
async def working() -> AsyncIterator[World]:
    world = World()
    task = asyncio.create_task(world.stream.work())
    try:
        yield world
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(stream, "AWAY_SECONDS", 0.001)


async def heard(listener: Listener) -> list[tuple[UUID, int]]:
    return [(one.fax_id, one.version) for one in (await listener.news(20)).faxes]


async def test_each_hears_of_the_faxes_that_they_see_and_of_no_other() -> None:
    async with working() as world:
        joined = world.stream.joined
        with (
            joined("u", USER) as user,
            joined("c", COLLEAGUE) as colleague,
            joined("m", MANAGER) as manager,
            joined("n", NEIGHBOUR) as neighbour,
            joined("r", RESELLER) as reseller,
            joined("v", RIVAL) as rival,
            joined("o", OPERATOR) as operator,
        ):
            fax = world.happens(row())
            for one in (user, manager, reseller):
                assert await heard(one) == [(fax.fax_id, 1)]
            junk = world.happens(row(state="junk"))
            assert await heard(manager) == [(junk.fax_id, 1)]
            for one in (user, colleague, neighbour, rival, operator):
                assert await one.news(0) == News()


async def test_a_step_is_told_once_the_history_has_it() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user:
            fax = row()
            world.rows.there[fax.fax_id] = fax
            newer = world.happens(replace(fax, version=2, updated_at=NOW + timedelta(seconds=9)), written=False)
            await world.until_asked(3)
            assert await user.news(0) == News()
            assert world.has_told(0)
            world.rows.there[fax.fax_id] = newer
            assert await heard(user) == [(fax.fax_id, 2)]
            assert world.has_told(1)


async def test_a_history_that_stays_behind_is_not_waited_for_for_ever() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user:
            fax = row()
            world.rows.there[fax.fax_id] = fax
            world.happens(replace(fax, version=2), written=False)
            world.happens(row(), written=False)
            await world.until_asked(4)
            world.now = PATIENCE + 1
            assert await heard(user) == [(fax.fax_id, 1)]
            async with asyncio.timeout(20):
                while not world.has_told(2):  # noqa: ASYNC110 - a poll with a bound
                    await asyncio.sleep(0.001)


async def test_a_database_that_was_away_loses_no_step() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user:
            world.rows.away = True
            fax = world.happens(row())
            await world.until_asked(3)
            world.rows.away = False
            assert await heard(user) == [(fax.fax_id, 1)]


async def test_steps_that_concern_nobody_here_cost_no_question() -> None:
    async with working() as world:
        world.happens(row())
        with world.stream.joined("v", RIVAL) as rival:
            world.happens(row())
            await world.until_asked(1)
            for _ in range(20):
                world.happens(row())  # whose that account is, is known by now
            known = world.happens(row(account_id="other", reseller="rival"))
            assert await heard(rival) == [(known.fax_id, 1)]
        assert world.rows.asked == 2


async def test_who_comes_back_hears_what_they_missed_and_nobody_elses() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user:
            world.happens(row())
            await heard(user)
            mark = world.stream.mark
        missed = world.happens(row())
        world.happens(row(account_id="account-2"))
        with world.stream.joined("u", USER) as user:
            await world.stream.resume(user, mark)
            assert await heard(user) == [(missed.fax_id, 1)]
            await world.stream.resume(user, world.stream.mark)
            assert await user.news(0) == News()


OF_ANOTHER_PROCESS = pytest.param(Marks().of(0), id="of-another-process")  # another in each worker of a parallel run


@pytest.mark.parametrize("mark", ["", "0", "0" * 16, "²", "9" * 5000, OF_ANOTHER_PROCESS])
async def test_a_mark_of_another_process_or_of_nobody_means_to_look_anew(mark: str) -> None:
    world = World()
    with world.stream.joined("u", USER) as user:
        await world.stream.resume(user, mark)
        assert (await user.news(0.1)).anew


def test_a_mark_says_nothing_of_how_much_happened() -> None:
    marks = Marks()
    written = [marks.of(number) for number in range(100)]
    assert len(set(written)) == 100
    assert sorted(written) != written
    assert all(marks.read(mark, range(99, -1, -1)) == number for number, mark in enumerate(written))


def test_a_ring_knows_what_it_has_forgotten() -> None:
    ring = Ring(3)
    assert ring.since(0) == ()
    for _ in range(5):
        ring.add(uuid4(), 1, NOW)
    assert [one.number for one in ring.since(2) or ()] == [5, 4, 3]
    assert ring.since(5) == ()
    assert ring.since(1) is None
    assert ring.since(6) is None


async def test_too_much_news_is_told_as_look_anew() -> None:
    listener = Listener("u", USER)
    for _ in range(BEHIND + 1):
        listener.tell(row())
    assert await listener.news(1) == News(anew=True)


async def test_another_window_than_the_last_few_ends_the_oldest_of_that_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    windows = [world.stream.joined("u", USER) for _ in range(PER_PERSON + 1)]
    with world.stream.joined("m", MANAGER) as other:
        opened = [one.__enter__() for one in windows]
        assert (await opened[0].news(1)).over == "crowded"
        assert await opened[1].news(0) == News()
        assert await other.news(0) == News()
        monkeypatch.setattr(audience, "IN_ALL", PER_PERSON + 1)
        with pytest.raises(Full), world.stream.joined("x", MANAGER):
            pass
        for one in windows:
            one.__exit__(None, None, None)


async def test_who_loses_an_account_hears_of_it_no_more() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user, world.stream.joined("m", MANAGER) as manager:
            world.stream.change(user, replace(USER, accounts=frozenset({"account-3"})))
            world.happens(row())
            await heard(manager)
            assert await user.news(0) == News()
            mine = world.happens(row(account_id="account-3"))
            assert await heard(user) == [(mine.fax_id, 1)]


async def test_whoever_looks_at_a_deleted_fax_looks_anew_once_the_history_lets_it_go() -> None:
    async with working() as world:
        with world.stream.joined("u", USER) as user, world.stream.joined("v", RIVAL) as rival:
            fax = world.happens(row())
            await heard(user)
            mark = world.stream.mark
            world.stream.hear(gone(fax))
            await world.until_asked(world.rows.asked + 3)
            assert await user.news(0) == News()
            del world.rows.there[fax.fax_id]
            assert await user.news(20) == News(anew=True)
            assert await rival.news(0) == News()
            await world.stream.resume(user, mark)
            assert await user.news(1) == News(anew=True)
            unclaimed = gone(row(account_id=None))
            world.stream.hear(unclaimed.model_copy(update={"cause": "retention"}))
            world.stream.hear(unclaimed)
            assert await rival.news(20) == News(anew=True), "nobody knows whose it was, so no word of which"
            await world.stream.resume(rival, world.stream.mark)
            assert await rival.news(0) == News()


async def test_a_process_that_ends_ends_every_stream() -> None:
    world = World()
    with world.stream.joined("u", USER) as before:
        world.stream.close()
        assert (await before.news(1)).over == "closing"
        with world.stream.joined("m", MANAGER) as late:
            assert (await late.news(1)).over == "closing"
