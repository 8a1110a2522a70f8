"""What the portal tells Prometheus of the whole pipeline: a stage without a process says nothing of itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from services._runtime.lag import Lag
from services._runtime.outcomes import DependencyAway

LOOK_SECONDS: Final = 30.0
"""Of Kafka it asks for each group what it committed, and the ends of its topics."""


class Measuring:
    """Measures every consumer group every half minute; every process of the portal does."""

    def __init__(self, registry: CollectorRegistry, lags: Callable[[], Awaitable[Sequence[Lag]]]) -> None:
        self._lags = lags
        of_topic = ("group", "topic")
        self._messages = Gauge("nativefax_group_messages", "Messages not committed", of_topic, registry=registry)
        self._oldest = Gauge("nativefax_group_oldest_seconds", "Age of the oldest of them", of_topic, registry=registry)
        self._processes = Gauge("nativefax_group_processes", "Members of the group", ("group",), registry=registry)
        self._measured = Gauge("nativefax_groups_measured_seconds", "When Kafka last answered this", registry=registry)
        self._measured.set_to_current_time()

    async def run(self) -> None:
        """Measure until cancelled. Kafka that is away is waited for: the last answer stays, and its time tells."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.tell(await self._lags())
            except DependencyAway:
                continue

    def tell(self, lags: Sequence[Lag]) -> None:
        """Show what was measured now."""
        now = time.time()
        for one in lags:
            self._messages.labels(one.stage, one.topic).set(one.messages)
            self._oldest.labels(one.stage, one.topic).set(max(0.0, now - one.oldest.timestamp()) if one.oldest else 0)
            self._processes.labels(one.stage).set(one.processes)
        self._measured.set(now)
