"""A claim: one worker acts, and what it did is remembered."""

import asyncio
from datetime import datetime, timedelta

import pytest

from services._runtime.claims import Busy, Claims, Completed, Held
from services._runtime.outcomes import DependencyAway
from tests.fakes import MemoryBlobs
from tests.unit.records import NOW

PREFIX = "claims/2026/03/02/fax/email-received/recipient/"
LEASE = timedelta(seconds=90)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def one(blobs: MemoryBlobs, clock: Clock) -> Claims:
    return Claims(blobs, "worker-1", LEASE, clock)


@pytest.fixture
def other(blobs: MemoryBlobs, clock: Clock) -> Claims:
    return Claims(blobs, "worker-2", LEASE, clock)


async def held(claims: Claims) -> Held:
    taken = await claims.take(PREFIX)
    assert isinstance(taken, Held)
    return taken


async def test_the_first_holds_the_first_generation(one: Claims, blobs: MemoryBlobs) -> None:
    taken = await held(one)
    assert taken.generation == 1
    assert list(blobs.objects) == [f"{PREFIX}1"]
    assert taken.record.owner == "worker-1"


async def test_an_open_claim_is_busy_until_its_lease_ends(one: Claims, other: Claims) -> None:
    await held(one)
    assert await other.take(PREFIX) == Busy(NOW + LEASE)


async def test_the_owner_itself_finds_it_busy(one: Claims) -> None:
    """After a restart the process id is another; after a redelivery within one process, the effect is under way."""
    await held(one)
    assert isinstance(await one.take(PREFIX), Busy)


async def test_an_expired_lease_is_the_next_generation(one: Claims, other: Claims, clock: Clock) -> None:
    await held(one)
    clock.pass_(seconds=90)
    assert (await held(other)).generation == 2
    assert await one.take(PREFIX) == Busy(NOW + 2 * LEASE)


async def test_a_completed_claim_tells_its_result_for_ever(one: Claims, other: Claims, clock: Clock) -> None:
    await (await held(one)).complete({"message_id": "<1@example>"})
    clock.pass_(days=300)
    assert await other.take(PREFIX) == Completed({"message_id": "<1@example>"})


async def test_a_released_claim_can_be_taken_at_once(one: Claims, other: Claims) -> None:
    await (await held(one)).release()
    assert (await held(other)).generation == 2


async def test_generations_beyond_nine_are_in_order(one: Claims) -> None:
    for generation in range(1, 13):
        taken = await held(one)
        assert taken.generation == generation
        await taken.release()
    await (await held(one)).complete({"state": "emailed"})
    assert await one.take(PREFIX) == Completed({"state": "emailed"})


async def test_a_late_owner_does_not_disturb_the_next_generation(one: Claims, other: Claims, clock: Clock) -> None:
    late = await held(one)
    clock.pass_(seconds=91)
    second = await held(other)
    await late.complete({"by": "worker-1"})
    assert isinstance(await one.take(PREFIX), Busy)
    await second.complete({"by": "worker-2"})
    assert await one.take(PREFIX) == Completed({"by": "worker-2"})


async def test_recipients_have_claims_of_their_own(one: Claims) -> None:
    await held(one)
    assert isinstance(await one.take(PREFIX.replace("recipient", "another")), Held)


async def test_a_claim_that_retention_removed_can_be_taken_again(one: Claims, blobs: MemoryBlobs) -> None:
    await (await held(one)).complete({})
    blobs.objects.clear()
    assert (await held(one)).generation == 1


@pytest.mark.parametrize("workers", [2, 7])
async def test_only_one_of_many_holds_it(blobs: MemoryBlobs, clock: Clock, workers: int) -> None:
    racing = [Claims(blobs, f"worker-{number}", LEASE, clock).take(PREFIX) for number in range(workers)]
    taken = await asyncio.gather(*racing)
    assert sum(isinstance(one, Held) for one in taken) == 1
    assert sum(isinstance(one, Busy) for one in taken) == workers - 1


async def test_nothing_is_held_while_the_store_is_away(one: Claims, blobs: MemoryBlobs) -> None:
    blobs.away = True
    with pytest.raises(DependencyAway):
        await one.take(PREFIX)
    blobs.away = False
    assert (await held(one)).generation == 1


async def test_what_was_done_while_the_store_went_away_isnt_done_again_here(clock: Clock) -> None:
    blobs = MemoryBlobs()
    claims = Claims(blobs, "worker-1", LEASE, clock)
    held = await claims.take(PREFIX)
    assert isinstance(held, Held)
    blobs.away = True
    with pytest.raises(DependencyAway):
        await held.complete({"message_id": "<1@x>"})
    blobs.away = False
    clock.pass_(hours=1)
    assert await claims.take(PREFIX) == Completed({"message_id": "<1@x>"})
    assert await Claims(blobs, "worker-2", LEASE, clock).take(PREFIX) == Completed({"message_id": "<1@x>"})
