"""The dialer on SQLite and PostgreSQL: who is called next, by any number of dialers, and what the clock does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from schemas.base import StoredObject
from schemas.fax import FaxRendered, FaxToDial, RenderRequested
from schemas.telephony import DialRequested
from services._runtime.database import connect, migrate, transaction
from services.dialer.settings import DialerSettings
from services.dialer.tables import FAXES, METADATA
from tests.providers.migrated import differences
from tests.unit.dialing_world import FINAL, World
from tests.unit.dialled import busy, cancelled, delivered, not_started, to_dial

DELIVERED = {"result_code": 0, "pages_transferred": 3}


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    engine = connect(database)
    await migrate(engine, "services.dialer")
    yield World(engine)
    await engine.dispose()


def number(one: int) -> str:
    return f"+1202555{one:04}"


def some(amount: int, **changes: Any) -> list[FaxToDial]:
    return [to_dial(one, **{"destination": number(one), "account_id": f"acc-{one}"} | changes) for one in range(amount)]


def open_calls(world: World) -> Counter[str]:
    return Counter(one.request.destination for one in world.telephony.ongoing)


def answer(world: World, report: dict[str, Any], *, delivers: bool, told: bool = True) -> None:
    for call in world.telephony.ongoing:
        world.telephony.end(call, report, delivers=delivers, told=told)


async def hear(world: World) -> None:
    results, world.telephony.results = world.telephony.results, []
    for one in results:
        await world.hear(one)


async def test_the_migrations_make_the_tables(world: World) -> None:
    assert await differences(world.engine, METADATA) == []


async def test_a_fax_goes_out_once_however_often_it_comes(world: World) -> None:
    fax = to_dial()
    await world.give(fax, fax)
    await world.turn()
    await world.give(fax)
    await world.turn()
    assert [one.attempt for one in world.log.of(DialRequested)] == [1]
    await world.hear(delivered(fax))
    await world.give(fax)
    await world.turn()
    assert world.states(fax) == ["dialling", "delivered"]
    assert len(world.receipts(fax)) == 1


async def test_one_call_to_a_destination_and_the_others_do_not_wait(world: World) -> None:
    same, others = some(5, destination=number(99)), some(10)[5:]
    await world.give(*same, *others)
    await world.turn()
    assert open_calls(world) == {number(99): 1, **{one.destination: 1 for one in others}}
    await world.turn()
    assert len(world.telephony.ongoing) == 6
    for _ in same:
        answer(world, DELIVERED, delivers=True)
        await hear(world)
        await world.turn()
    assert all(world.last(fax).state == "delivered" for fax in same + others)


async def test_an_account_and_the_trunk_have_their_limits(world: World) -> None:
    await world.give(*some(10, account_id="acc-big"))
    await world.turn()
    assert len(world.telephony.ongoing) == 2
    await world.give(*(to_dial(one, destination=number(one), account_id=f"acc-{one}") for one in range(10, 50)))
    await world.turn()
    assert len(world.telephony.ongoing) == 20
    answer(world, DELIVERED, delivers=True)
    await hear(world)
    await world.turn()
    assert len(world.telephony.ongoing) == 20


async def test_a_fax_its_account_has_no_share_for_holds_up_no_other_to_the_same_number(world: World) -> None:
    await world.give(*some(3, account_id="acc-big"))
    theirs = to_dial(9, destination=number(2), account_id="acc-small")  # where the third of them goes
    world.clock.advance(1)
    await world.give(theirs)
    await world.turn()
    assert open_calls(world) == {number(0): 1, number(1): 1, number(2): 1}
    await world.relay()
    assert world.states(theirs) == ["dialling"]


async def test_the_database_itself_refuses_two_calls_to_one_destination(world: World) -> None:
    one, other = some(2, destination=number(9))
    await world.give(one, other)
    await world.turn()
    with pytest.raises(IntegrityError):
        async with transaction(world.engine) as connection:
            await connection.execute(update(FAXES).values(line=number(9)))


async def test_many_dialers_at_once(world: World) -> None:
    faxes = [to_dial(one, destination=number(one % 7), account_id=f"acc-{one % 3}") for one in range(14)]
    dialers = [world.dialer() for _ in range(4)]
    await asyncio.gather(*(one.dialer.handle(fax) for fax in faxes for one in dialers))
    for _ in range(60):
        await asyncio.gather(*(one.sweep() for one in dialers))
        await world.relay()
        world.telephony_reads()
        assert len(world.telephony.ongoing) <= 6
        answer(world, DELIVERED, delivers=True)
        results, world.telephony.results = world.telephony.results, []
        await asyncio.gather(*(one.dialer.hear(told) for told in results for one in dialers))
        await world.relay()
        if all(world.states(fax)[-1:] == ["delivered"] for fax in faxes):
            break
    assert [len(world.receipts(fax)) for fax in faxes] == [1] * 14
    assert set(world.telephony.rang.values()) == {1}
    assert len(world.telephony.rang) == 14


async def test_all_processes_down_for_an_hour(world: World) -> None:
    waiting, unheard, unread = some(3)
    await world.give(waiting, unheard)
    await world.turn()
    answer(world, {}, delivers=False, told=False)
    await world.hear(busy(waiting))
    await world.give(unread)
    await world.sweep()  # its request is in the outbox when all die
    world.clock.advance(3600)
    world.sweeper = world.dialer()
    await world.turn()
    assert world.states(waiting)[-1] == "dialling", "its call was due"
    assert not FINAL & set(world.states(unheard)), "its result may be in the topic"
    assert [one.attempt_id for one in world.log.of(DialRequested) if one.fax_id == unread.fax_id], (
        "nothing is forgotten"
    )
    await world.hear(delivered(unheard))
    await world.hear(delivered(waiting, 2))
    await hear(world)  # not started: it was read after not_after
    await world.relay()
    assert world.states(waiting)[-1] == world.states(unheard)[-1] == "delivered"
    assert world.states(unread)[-1] == "waiting-to-redial"
    world.clock.advance(20)
    await world.turn()
    await world.hear(delivered(unread, 2))
    await world.relay()
    assert world.states(unread)[-1] == "delivered"
    assert [len(world.receipts(one)) for one in (waiting, unheard, unread)] == [1, 1, 1]


async def test_telephony_away_puts_few_faxes_in_doubt(world: World) -> None:
    faxes = some(50)
    await world.give(*faxes)
    for _ in range(30):
        await world.sweep()
        await world.relay()
        world.clock.advance(100)
    asked = [fax for fax in faxes if world.states(fax)]
    assert 20 < len(asked) < 25
    world.telephony_reads()
    await hear(world)
    await world.relay()
    assert not any(FINAL & set(world.states(fax)) for fax in faxes)
    world.clock.advance(20)
    await world.turn()
    assert len(world.telephony.ongoing) == 20


async def test_kafka_away_for_hours_puts_no_fax_in_doubt(world: World) -> None:
    """What telephony says can't be heard then, and what it is asked for may not have reached it."""
    called, asked = some(2)
    await world.give(called)
    await world.turn()
    answer(world, DELIVERED, delivers=True)
    world.clock.advance(1_100)
    await world.sweep()  # no result came: Kafka has been away for a while
    await world.give(asked)
    for _ in range(4):
        world.clock.advance(1_800)
        await world.sweep()
    await world.turn()
    await world.sweep()
    assert not FINAL & set(world.states(called))
    assert world.states(asked) == ["dialling"], "nobody waited for its result yet"
    await hear(world)
    world.clock.advance(20)
    await world.turn()
    answer(world, DELIVERED, delivers=True)
    await hear(world)
    await world.relay()
    assert [world.states(fax)[-1] for fax in (called, asked)] == ["delivered"] * 2
    assert [len(world.receipts(fax)) for fax in (called, asked)] == [1, 1]


NO_NUMBER = {"hangup_cause": 1, "sip_status": 404}


async def called(world: World, fax: FaxToDial, report: dict[str, Any], *, delivers: bool = False) -> bool:
    """Whether a call was made for a fax, which ends as `report` says."""
    before = len(world.telephony.rang)
    await world.give(fax)
    await world.turn()
    answer(world, report, delivers=delivers)
    await hear(world)
    await world.turn()
    return len(world.telephony.rang) > before


def to_nobody(one: int, account: str) -> FaxToDial:
    return to_dial(one, destination=number(9), account_id=account)


async def test_an_account_calls_a_dead_number_once_an_hour_at_most(world: World) -> None:
    faxes = some(5, destination=number(9), account_id="acc-1")
    await world.give(*faxes)
    await world.turn()
    answer(world, NO_NUMBER, delivers=False)
    await hear(world)
    await world.turn()
    assert [world.last(fax).reason for fax in faxes] == ["number-unallocated"] * 5
    assert len(world.telephony.rang) == 1
    assert [len(world.receipts(fax)) for fax in faxes] == [1] * 5
    world.clock.advance(3_601)
    assert await called(world, to_nobody(77, "acc-1"), NO_NUMBER)
    world.clock.advance(7_200)
    assert not await called(world, to_nobody(78, "acc-1"), NO_NUMBER), "an hour apart it is sure"
    assert not await called(world, to_nobody(79, "acc-2"), NO_NUMBER), "for everybody"
    world.clock.advance(86_401)
    assert await called(world, to_nobody(80, "acc-1"), NO_NUMBER)


async def test_one_wrong_answer_blocks_nobody_else(world: World) -> None:
    assert await called(world, to_nobody(1, "acc-1"), NO_NUMBER)
    assert await called(world, to_nobody(2, "acc-2"), DELIVERED, delivers=True)
    assert await called(world, to_nobody(3, "acc-1"), DELIVERED, delivers=True), "a call that got further ends it"


async def test_what_two_accounts_were_told_is_known_to_all(world: World) -> None:
    assert await called(world, to_nobody(1, "acc-1"), NO_NUMBER)
    assert await called(world, to_nobody(2, "acc-2"), NO_NUMBER)
    assert not await called(world, to_nobody(3, "acc-3"), NO_NUMBER)
    world.clock.advance(86_401)
    assert await called(world, to_nobody(4, "acc-3"), NO_NUMBER)
    assert await called(world, to_nobody(5, "acc-1"), NO_NUMBER), "once more, from the start"


async def test_pages_made_anew_are_dialled_when_they_come(world: World) -> None:
    fax = to_dial()
    await world.give(fax)
    await world.turn()
    answer(world, {"result_code": 11, "pages_transferred": 0}, delivers=False)
    await hear(world)
    await world.turn()
    (asked,) = world.log.of(RenderRequested)
    coarse = StoredObject(key="fax/d/dialled-standard.tif", size=9, media_type="image/tiff")
    same = {name: getattr(asked, name) for name in ("fax_id", "version", "account_id", "accepted_at", "destination")}
    new = FaxRendered.model_validate(same | {"document": coarse, "pages": fax.pages})
    for _ in range(2):
        await world.sweeper.dialer.handle(new)
    world.clock.advance(100)
    await world.turn()
    assert [(one.document, one.mode.resolution) for one in world.log.of(DialRequested)] == [
        (fax.document, "fine"),
        (coarse, "standard"),
    ]


async def test_a_cancellation_that_overtakes_its_fax(world: World) -> None:
    fax = to_dial()
    await world.sweeper.dialer.handle(cancelled(fax))
    await world.sweeper.dialer.handle(cancelled(fax))
    await world.give(fax, fax)
    await world.turn()
    assert world.states(fax) == ["cancelled"]
    assert not world.log.of(DialRequested)
    assert [one.failure for one in world.receipts(fax)] == ["cancelled"]


async def test_what_ended_is_forgotten_but_not_dialled_again(world: World) -> None:
    fax = to_dial()
    await world.give(fax)
    await world.turn()
    await world.hear(delivered(fax))
    world.clock.advance(31 * 86_400)
    await world.turn()
    async with transaction(world.engine) as connection:
        row = (await connection.execute(select(FAXES))).one()
    assert (row.state, row.sending, row.destination, row.account_id) == ("delivered", None, None, None)
    await world.give(fax)
    await world.hear(not_started(fax))
    await world.turn()
    assert len(world.log.of(DialRequested)) == 1
    world.clock.now = fax.accepted_at + timedelta(days=366)
    await world.turn()
    async with transaction(world.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(FAXES)) == 0


async def test_a_row_that_cannot_be_read_holds_nobody_up(world: World) -> None:
    broken, well = some(2)
    await world.give(broken, well)
    async with transaction(world.engine) as connection:
        mine = FAXES.c.fax_id == str(broken.fax_id)
        await connection.execute(update(FAXES).where(mine).values(sending='{"fax": 1}'))
    await world.turn()
    assert world.states(well) == ["dialling"]


def test_redialling_in_doubt_needs_the_promise() -> None:
    chosen = {"database": "sqlite://", "redial_unanswered": True, "telephony_promises": False}
    with pytest.raises(ValueError, match="first call may still be going on"):
        DialerSettings.model_validate(chosen)
