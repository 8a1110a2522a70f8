"""The router decides once: what is stored wins over whatever the account says later."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.decision import Decision
from schemas.fax import EmailRequested
from schemas.keys import DECISION, fax_prefix
from services._runtime.outcomes import DependencyAway, Done
from services.router.handlers import Router
from tests.fakes import MemoryBlobs
from tests.unit.test_routing import ACCEPTED, FAX_ID, NOW, account, fax

KEY = fax_prefix(ACCEPTED, FAX_ID) + DECISION


class Table:
    """`Accounts` with one record, changed by the tests."""

    def __init__(self, record: FaxAccount | RemovedAccount | None) -> None:
        self.record = record
        self.away = False

    async def look_up(self, fax_number: str) -> FaxAccount | RemovedAccount | None:
        if self.away:
            raise DependencyAway("fax-accounts", "behind")
        return self.record if self.record and self.record.fax_number == fax_number else None


def router(table: Table, blobs: MemoryBlobs) -> Router:
    ticks = count()
    return Router(table, blobs, now=lambda: NOW + timedelta(seconds=next(ticks)))


async def routed(table: Table, blobs: MemoryBlobs) -> Done:
    outcome = await router(table, blobs).handle(fax())
    assert isinstance(outcome, Done)
    return outcome


async def test_the_decision_is_stored_beside_the_fax_and_published() -> None:
    blobs = MemoryBlobs()
    done = await routed(Table(account()), blobs)
    stored = Decision.model_validate_json(blobs.objects[KEY])
    assert done.events == stored.events
    assert blobs.media_types[KEY] == "application/json"


async def test_a_redelivery_publishes_the_same_events() -> None:
    blobs, table = MemoryBlobs(), Table(account())
    one = router(table, blobs)
    assert await one.handle(fax()) == await one.handle(fax())


@pytest.mark.parametrize(
    "later", [account(handling="portal", version=4), account(blocked_callers=("+12025550150",)), None]
)
async def test_the_stored_decision_wins_over_a_changed_account(later: FaxAccount | None) -> None:
    blobs, table = MemoryBlobs(), Table(account())
    first = await routed(table, blobs)
    table.record = later
    assert await routed(table, blobs) == first
    assert isinstance(first.events[0], EmailRequested)


async def test_an_unclaimed_fax_is_not_delivered_to_a_later_owner() -> None:
    blobs, table = MemoryBlobs(), Table(None)
    first = await routed(table, blobs)
    table.record = account()
    assert await routed(table, blobs) == first
    assert not any(isinstance(event, EmailRequested) for event in first.events)


async def test_two_workers_with_different_tables_publish_one_decision() -> None:
    blobs = MemoryBlobs()
    outcomes = await asyncio.gather(
        *(routed(Table(record), blobs) for record in (account(), account(handling="portal", version=4), None))
    )
    assert outcomes[0] == outcomes[1] == outcomes[2]


async def test_a_decision_that_vanished_between_two_requests_is_made_again() -> None:
    class Vanishing(MemoryBlobs):
        async def create(self, key: str, data: bytes, media_type: str) -> bool:
            created = await super().create(key, data, media_type)
            if not created:
                del self.objects[key]
            return created

    assert (await routed(Table(account()), Vanishing({KEY: b"{}"}))).events


async def test_another_number_is_another_account() -> None:
    blobs = MemoryBlobs()
    await routed(Table(account(fax_number="+12025550199")), blobs)
    assert Decision.model_validate_json(blobs.objects[KEY]).rule == "number-unknown"


async def test_nothing_is_decided_while_the_table_is_behind() -> None:
    blobs, table = MemoryBlobs(), Table(account())
    table.away = True
    with pytest.raises(DependencyAway):
        await router(table, blobs).handle(fax())
    assert not blobs.objects


async def test_nothing_is_published_while_the_store_is_away() -> None:
    blobs = MemoryBlobs()
    blobs.away = True
    with pytest.raises(DependencyAway):
        await router(Table(account()), blobs).handle(fax())
