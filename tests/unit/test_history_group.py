"""Group commit."""

import asyncio
from collections.abc import Sequence

import pytest

from services._runtime.outcomes import DependencyAway
from services.portal.history.group import MOST, GroupCommit


class Written:
    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.going_on = asyncio.Event()
        self.going_on.set()
        self.error: Exception | None = None

    async def __call__(self, items: Sequence[int]) -> None:
        await self.going_on.wait()
        if self.error is not None:
            raise self.error
        if any(item < 0 for item in items):
            raise ValueError("a bad item")
        self.groups.append(list(items))


@pytest.fixture
def written() -> Written:
    return Written()


async def test_what_waits_shares_a_transaction(written: Written) -> None:
    commit = GroupCommit(written)
    written.going_on.clear()
    first = asyncio.create_task(commit(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(commit(number)) for number in range(1, 10)]
    await asyncio.sleep(0)
    assert not first.done()
    written.going_on.set()
    await asyncio.gather(first, *rest)
    assert written.groups == [[0], list(range(1, 10))]


async def test_a_group_has_a_bound(written: Written) -> None:
    commit = GroupCommit(written)
    await asyncio.gather(*(commit(number) for number in range(MOST + 1)))
    assert [len(group) for group in written.groups] == [MOST, 1]


async def test_a_bad_item_fails_alone(written: Written) -> None:
    commit = GroupCommit(written)
    answers = await asyncio.gather(*(commit(number) for number in (1, -1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), ValueError, type(None)]
    assert written.groups == [[1], [2]]


async def test_a_database_that_is_away_is_away_for_all(written: Written) -> None:
    commit = GroupCommit(written)
    written.error = DependencyAway("database")
    answers = await asyncio.gather(*(commit(number) for number in (1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [DependencyAway, DependencyAway]
    written.error = None
    await commit(3)
    assert written.groups == [[3]]


async def test_a_caller_that_gives_up_harms_nobody(written: Written) -> None:
    commit = GroupCommit(written)
    written.going_on.clear()
    tired, patient = asyncio.create_task(commit(1)), asyncio.create_task(commit(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tired.cancel()
    written.going_on.set()
    await patient
    assert tired.cancelled() or tired.cancelling()
    await commit(3)
    assert written.groups[-1] == [3]
