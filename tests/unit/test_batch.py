"""A batch: which records are due, in which order they run, and how far it may be committed."""

import asyncio
from collections import defaultdict

import pytest

from services._runtime.batch import Batch, due, run_lanes
from services._runtime.outcomes import DependencyAway
from services._runtime.records import Partition
from tests.unit.records import FakeRecord

A, B = Partition("a", 0), Partition("b", 0)


def record(offset: int, key: str = "k", topic: str = "a", not_before: float | None = None) -> FakeRecord:
    headers = () if not_before is None else (("nf-not-before", str(int(not_before * 1000)).encode()),)
    return FakeRecord(offset, topic, key=key.encode(), headers=headers)


def settled(records: list[FakeRecord], *offsets: int) -> Batch:
    batch = Batch(records)
    for one in records:
        if one.offset in offsets:
            batch.settle(one)
    return batch


@pytest.mark.parametrize(
    ("done", "commit", "held"),
    [
        ((), None, 5),
        ((5,), 6, 6),
        ((5, 6), 7, 7),
        ((5, 6, 7), 8, None),
        ((6, 7), None, 5),  # later ones are done, and wait for the first
        ((5, 7), 6, 6),
    ],
)
def test_progress_is_contiguous(done: tuple[int, ...], commit: int | None, held: int | None) -> None:
    commits, waiting = settled([record(5), record(6), record(7)], *done).progress()
    assert commits.get(A) == commit
    assert (waiting[A].offset if A in waiting else None) == held


def test_gaps_between_offsets_are_no_holes() -> None:
    """Compaction and transactions leave offsets out."""
    assert settled([record(5), record(90)], 5, 90).progress() == ({A: 91}, {})


def test_partitions_progress_alone() -> None:
    batch = Batch([record(1), record(2), record(1, topic="b")])
    batch.settle(batch.records[2])
    commits, held = batch.progress()
    assert commits == {B: 2}
    assert held == {A: batch.records[0]}


def test_progress_does_not_depend_on_the_order_of_records() -> None:
    assert settled([record(7), record(5), record(6)], 5, 6).progress()[0] == {A: 7}


def test_everything_that_was_never_deferred_is_due() -> None:
    records = [record(1), record(2)]
    assert due(records, now=0.0) == records


def test_after_one_that_must_wait_its_partition_waits() -> None:
    records = [record(1), record(2, not_before=11), record(3), record(1, topic="b"), record(2, topic="b", not_before=9)]
    assert due(records, now=10.0) == [records[0], records[3], records[4]]
    assert due(records, now=11.0) == records


class Run:
    """Settles records, noting when each starts and ends."""

    def __init__(self, away_at: frozenset[int] = frozenset()) -> None:
        self.log: list[tuple[str, int]] = []
        self.at_once = self.most_at_once = 0
        self._away_at = away_at

    async def __call__(self, one: FakeRecord) -> int:
        self.log.append(("start", one.offset))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(3):
            await asyncio.sleep(0)
        self.at_once -= 1
        if one.offset in self._away_at:
            raise DependencyAway("store")
        self.log.append(("end", one.offset))
        return one.offset

    async def over(self, records: list[FakeRecord], concurrency: int = 4) -> Batch:
        batch = Batch(records)
        await run_lanes(batch, records, self, concurrency)  # type: ignore[arg-type]
        return batch


async def test_one_key_stays_in_order_and_alone() -> None:
    records = [record(number, key=str(number % 3)) for number in range(12)]
    run = Run()
    await run.over(records)
    by_key = defaultdict(list)
    for what, offset in run.log:
        by_key[offset % 3].append((what, offset))
    for key, steps in by_key.items():
        assert steps == [(what, offset) for offset in range(key, 12, 3) for what in ("start", "end")]
    assert run.most_at_once == 3


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_no_more_keys_at_once_than_allowed(concurrency: int) -> None:
    run = Run()
    await run.over([record(number, key=str(number)) for number in range(20)], concurrency)
    assert run.most_at_once == concurrency


async def test_the_same_key_in_two_partitions_is_two_lanes() -> None:
    run = Run()
    await run.over([record(1), record(1, topic="b")])
    assert run.most_at_once == 2


async def test_records_without_a_key_stay_in_order() -> None:
    run = Run()
    await run.over([FakeRecord(number, "a", key=None) for number in range(4)])
    assert run.most_at_once == 1


async def test_all_that_was_settled_may_be_committed() -> None:
    batch = await Run().over([record(number, key=str(number)) for number in range(5)])
    assert batch.progress() == ({A: 5}, {})
    assert batch.away is None


async def test_results_of_all_lanes_come_back() -> None:
    records = [record(number, key=str(number % 2)) for number in range(6)]
    assert sorted(await run_lanes(Batch(records), records, Run(), 2)) == list(range(6))  # type: ignore[arg-type]


async def test_away_stops_the_batch_early_and_holds_what_was_not_done() -> None:
    run = Run(away_at=frozenset({3}))
    batch = await run.over([record(number, key=str(number)) for number in range(50)], concurrency=2)
    assert batch.away is not None
    assert batch.away.dependency == "store"
    commits, held = batch.progress()
    assert commits == {A: 3}
    assert held[A].offset == 3
    assert len([one for one in run.log if one[0] == "start"]) <= 6


async def test_away_leaves_later_records_of_its_key_alone() -> None:
    run = Run(away_at=frozenset({0}))
    batch = await run.over([record(0), record(1)])
    assert run.log == [("start", 0)]
    assert batch.progress()[0] == {}


async def test_what_is_being_settled_when_another_finds_it_away_still_counts() -> None:
    run = Run(away_at=frozenset({1}))
    batch = await run.over([record(0, key="x"), record(1, key="y")])
    assert batch.progress()[0] == {A: 1}
