"""Retention while workers are killed and the store fails: what is due goes, nothing else does, and all is told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from schemas.keys import HELD
from schemas.retention import FaxExpired, RetentionRequested
from services._runtime.blobs import ObjectStore
from services._runtime.outcomes import DependencyAway, Done, RetryLater
from services._runtime.settings import StoreSettings
from services.retention.adapters import Bucket
from services.retention.calls import Calls
from tests.fault.faulty_store import Faults, faulty_store
from tests.integration.stored_faxes import StoredFaxes, empty, new_bucket
from tests.providers.cluster import Cluster

TWO_DAYS = timedelta(days=2)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture(params=[False, True], ids=["plain", "versioned"])
def bucket(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[StoreSettings]:
    with new_bucket(cluster.environment, versioned=request.param) as settings:
        yield settings


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated requests wait for milliseconds."""
    monkeypatch.setattr("services.retention.calls.WAIT", lambda _state: 0.005)


def kill_after(step: int, patch: pytest.MonkeyPatch) -> None:
    """End the process when the store has carried out request number `step`: before its answer is acted on."""
    number = 0

    def killing(real: Any) -> Any:
        async def call(*given: Any, **named: Any) -> Any:
            nonlocal number
            number += 1
            mine = number
            try:
                return await real(*given, **named)
            finally:
                if mine >= step:
                    raise Killed

        return call

    patch.setattr(Calls, "__call__", killing(Calls.__call__))
    patch.setattr(ObjectStore, "_answer", killing(ObjectStore._answer))


async def test_killed_at_every_step(bucket: StoreSettings) -> None:
    """One fax is due, one is on hold, one was, one is young; killed at step 1, 2, 3… until it ends before."""
    step, killed = 0, True
    while killed:
        step += 1
        stored = StoredFaxes(bucket)
        when = stored.oldest - timedelta(days=1 + step)  # the store lists emptied folders for a while
        due, held = await stored.put_fax(when), await stored.put_fax(when)
        lifted, young = await stored.put_fax(when, above=HELD), await stored.put_fax(stored.now)
        stored.holds.scopes = {f"fax:{held}"}
        whole = {one: [key.removeprefix(HELD) for key in stored.of(one)] for one in (held, lifted, young)}
        killed = await sweep_killed(stored, stored.task(when.date()), step)
        stored.now += timedelta(minutes=11)  # the lease of the dead worker's claims has ended
        await stored.sweep(stored.task(when.date()))
        assert stored.of(due) == []
        assert stored.of(held) == [HELD + key for key in whole[held]]
        assert stored.of(young) == whole[young]
        assert stored.of(lifted) in ([], whole[lifted])
        gone = {due} if stored.of(lifted) else {due, lifted}
        assert {event.fax_id for event in stored.events} <= gone
        assert {event.fax_id for event in stored.everything} >= gone, "a fax went without a word"
        empty(bucket)
    assert step > 20, f"there were only {step} steps"


async def sweep_killed(stored: StoredFaxes, task: RetentionRequested, step: int) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        kill_after(step, patch)
        try:
            await stored.sweep(task)
        except Killed:
            return True
    return False


async def test_a_store_that_answers_503_now_and_then(bucket: StoreSettings, quick: None) -> None:
    faults = Faults(unavailable=lambda number: number % 3 == 0)
    with faulty_store(bucket, faults) as proxied:
        stored = StoredFaxes(bucket)
        faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 12)
        kept = await stored.put_fax(stored.now)
        through = StoredFaxes(proxied)
        await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert faults.requests > 10
    assert stored.faxes() == {kept}
    assert {event.fax_id for event in through.events} == set(faxes)


async def test_a_store_that_is_away_pauses_the_stage_and_the_tasks_go_on_after(
    bucket: StoreSettings, quick: None
) -> None:
    away = False
    faults = Faults(unavailable=lambda _number: away)
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 6)
    with faulty_store(bucket, faults) as proxied, pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.retention.sweep.LIMIT", 6)
        through = StoredFaxes(proxied)
        worker = through.worker()
        task = RetentionRequested(day=(stored.oldest - TWO_DAYS).date(), due_before=stored.oldest, fax_ids=tuple(faxes))
        deletes = 0
        real = Bucket.delete

        async def fails_after_two(self: Bucket, files: Any) -> Any:
            nonlocal away, deletes
            deletes += 1
            away = deletes > 2
            return await real(self, files)

        patch.setattr(Bucket, "delete", fails_after_two)
        outcome = await worker.handle(task)
        assert isinstance(outcome, Done), "what was done is told, the rest is asked for again"
        told = [event.fax_id for event in outcome.events if isinstance(event, FaxExpired)]
        rest = [event for event in outcome.events if isinstance(event, RetentionRequested)]
        assert told == faxes[: len(told)]
        assert rest[0].fax_ids == tuple(faxes[len(told) :])
        with pytest.raises(DependencyAway, match="object-store"):
            await worker.handle(rest[0])
        patch.setattr(Bucket, "delete", real)
        away = False
        await through.sweep(*rest, worker=worker)
    assert stored.faxes() == set()


async def test_a_store_that_drops_half_of_each_batch(bucket: StoreSettings, quick: None) -> None:
    faults = Faults()
    faults.refused = faults.half_of_a_batch_once
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 12)
    with faulty_store(bucket, faults) as proxied:
        through = StoredFaxes(proxied)
        assert not await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert faults.errors > 12
    assert stored.faxes() == set()
    assert {event.fax_id for event in through.events} == set(faxes)


async def test_an_object_that_is_never_deleted_ends_as_a_dead_letter_with_its_key(
    bucket: StoreSettings, quick: None
) -> None:
    stored = StoredFaxes(bucket)
    faxes = await stored.put_faxes([stored.oldest - TWO_DAYS] * 5)
    stuck = faxes[2]
    faults = Faults(refused=lambda key: key.endswith(f"{stuck}/document.pdf"))
    with faulty_store(bucket, faults) as proxied:
        through = StoredFaxes(proxied)
        [outcome] = await through.sweep(through.task((stored.oldest - TWO_DAYS).date()))
    assert isinstance(outcome, RetryLater)
    assert outcome.reason == "objects-not-deleted"
    assert f"{stuck}/document.pdf" in outcome.detail
    assert stored.faxes() == {stuck}
    assert {event.fax_id for event in through.events} == set(faxes) - {stuck}
    assert any("accepted" in key for key in stored.of(stuck)), "its acceptance went before its document"
