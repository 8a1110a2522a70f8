"""One batch of records: which are due, which are done, and how far each partition may be committed."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from services._runtime.outcomes import DependencyAway
from services._runtime.records import Partition, Record, partition_of
from services._runtime.retries import not_before

T = TypeVar("T")


@dataclass
class Batch:
    """What became of a batch. A record that isn't in `settled` holds its partition at its offset."""

    records: Sequence[Record]
    settled: set[tuple[Partition, int]] = field(default_factory=set)
    away: DependencyAway | None = None

    def settle(self, record: Record) -> None:
        """Count `record` as dealt with."""
        self.settled.add((partition_of(record), record.offset))

    def progress(self) -> tuple[dict[Partition, int], dict[Partition, Record]]:
        """Offsets to commit (contiguous only), and the first unsettled record of each held partition."""
        commits: dict[Partition, int] = {}
        held: dict[Partition, Record] = {}
        for record in sorted(self.records, key=lambda one: one.offset):
            partition = partition_of(record)
            if partition in held:
                continue
            if (partition, record.offset) in self.settled:
                commits[partition] = record.offset + 1
            else:
                held[partition] = record
        return commits, held


def due(records: Iterable[Record], now: float) -> list[Record]:
    """The records that may be handled now; after the first that must wait, its partition waits (`now`: epoch s)."""
    waiting: set[Partition] = set()
    ready = []
    for record in records:
        if not_before(record) > now:
            waiting.add(partition_of(record))
        elif partition_of(record) not in waiting:
            ready.append(record)
    return ready


async def run_lanes(
    batch: Batch, ready: Sequence[Record], settle: Callable[[Record], Awaitable[T]], concurrency: int
) -> list[T]:
    """Settle `ready` with one key in order and `concurrency` keys at once; stop early when a dependency is away."""
    lanes: dict[tuple[Partition, bytes | None], list[Record]] = defaultdict(list)
    for record in ready:
        lanes[partition_of(record), record.key].append(record)
    waiting = iter(lanes.values())
    results: list[T] = []

    async def work() -> None:
        for lane in waiting:
            for record in lane:
                if batch.away is not None:
                    return
                try:
                    results.append(await settle(record))
                except DependencyAway as away:
                    batch.away = away
                    return
                batch.settle(record)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(lanes))):
            group.create_task(work())
    return results
