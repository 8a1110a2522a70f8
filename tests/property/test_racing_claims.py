"""Workers that race for one claim, interleaved at every request to the store, some of them dying."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services._runtime.claims import Claims, Held
from tests.fakes import MemoryBlobs
from tests.unit.records import NOW

PREFIX = "claims/2026/03/02/fax/email/recipient/"
LEASE = timedelta(seconds=90)
ENDS = st.sampled_from(["complete", "release", "die"])


class Turns(MemoryBlobs):
    """Each request waits for its worker's turn; the turns are the test's."""

    def __init__(self, turns: Sequence[int]) -> None:
        super().__init__()
        self._turns = list(turns)

    async def give_way(self) -> None:
        for _ in range(self._turns.pop() if self._turns else 0):
            await asyncio.sleep(0)

    async def get(self, key: str) -> bytes | None:
        await self.give_way()
        return await super().get(key)

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        await self.give_way()
        await super().put(key, data, media_type)

    async def create(self, key: str, data: bytes, media_type: str) -> bool:
        await self.give_way()
        if key in self.objects:
            return False
        await super().put(key, data, media_type)  # no turn is given in between: If-None-Match is one step
        return True

    async def keys(self, prefix: str) -> Sequence[str]:
        await self.give_way()
        return await super().keys(prefix)


class World:
    """Counts who acts at the same time, and how often the effect happens after it was completed."""

    def __init__(self, turns: Sequence[int]) -> None:
        self.blobs = Turns(turns)
        self.now = NOW
        self.acting = 0
        self.most_acting = 0
        self.completed = False
        self.acted_after_completion = False
        self.generations: list[int] = []

    async def work(self, name: str, end: str) -> None:
        taken = await Claims(self.blobs, name, LEASE, lambda: self.now).take(PREFIX)
        if not isinstance(taken, Held):
            return
        self.generations.append(taken.generation)
        self.acted_after_completion |= self.completed
        self.acting += 1
        self.most_acting = max(self.most_acting, self.acting)
        await self.blobs.give_way()
        self.acting -= 1
        if end == "complete":
            await taken.complete({"by": name})
            self.completed = True
        elif end == "release":
            await taken.release()


@given(
    st.lists(st.lists(ENDS, min_size=1, max_size=4), min_size=1, max_size=4), st.lists(st.integers(0, 5), max_size=80)
)
def test_at_most_one_acts_at_a_time_and_none_after_completion(rounds: list[list[str]], turns: list[int]) -> None:
    """Within a round workers race; between rounds every lease ends, so a dead worker's claim can be taken."""
    world = World(turns)

    async def race() -> None:
        for number, ends in enumerate(rounds):
            await asyncio.gather(*(world.work(f"{number}-{one}", end) for one, end in enumerate(ends)))
            world.now += LEASE

    asyncio.run(race())
    assert world.most_acting <= 1
    assert not world.acted_after_completion
    assert len(set(world.generations)) == len(world.generations)
    assert world.generations, "the first to come must get it"
