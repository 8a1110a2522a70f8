"""What the stages of a process tell Prometheus."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@contextmanager
def shown_in(registry: CollectorRegistry) -> Iterator[CollectorRegistry]:
    """A registry whose metrics `registry` shows while the block lasts: what comes after it may have the same names."""
    own = CollectorRegistry()
    registry.register(own)
    try:
        yield own
    finally:
        registry.unregister(own)


class Metrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        stage = ("stage",)
        self.messages = Counter(
            "nativefax_messages", "Settled, by outcome", (*stage, "outcome", "reason"), registry=registry
        )
        self.in_flight = Gauge("nativefax_in_flight", "Messages being handled", stage, registry=registry)
        self.seconds = Histogram("nativefax_handle_seconds", "Time to handle a message", stage, registry=registry)
        self.lag = Gauge("nativefax_lag", "Messages not yet read", (*stage, "topic", "partition"), registry=registry)
        self.age = Gauge("nativefax_oldest_seconds", "Age of a batch's oldest message", stage, registry=registry)
        self.paused = Gauge("nativefax_paused", "1 while a dependency is away", stage, registry=registry)
        self.lost = Counter("nativefax_commits_lost", "Commits a rebalance refused", stage, registry=registry)


class StageMetrics:
    """The metrics of one stage. What is counted for each message is looked up once."""

    def __init__(self, stage: str, metrics: Metrics) -> None:
        self._stage = stage
        self._metrics = metrics
        self._in_flight = 0
        metrics.in_flight.labels(stage).set_function(lambda: self._in_flight)
        self._seconds = metrics.seconds.labels(stage)
        self._paused = metrics.paused.labels(stage)
        self._lost = metrics.lost.labels(stage)
        self._settled: dict[tuple[str, str], Counter] = {}

    def began(self) -> float:
        """Count one message as in flight; the answer is for `ended`."""
        self._in_flight += 1
        return time.perf_counter()

    def ended(self, began: float) -> None:
        """The message is in flight no more, and this is how long it was."""
        self._in_flight -= 1
        self._seconds.observe(time.perf_counter() - began)

    def settled(self, outcome: str, reason: str) -> None:
        """Count one settled message."""
        if (outcome, reason) not in self._settled:
            self._settled[outcome, reason] = self._metrics.messages.labels(self._stage, outcome, reason)
        self._settled[outcome, reason].inc()

    def lag(self, topic: str, partition: int, messages: int) -> None:
        """How many messages of a partition are not yet read."""
        self._metrics.lag.labels(self._stage, topic, str(partition)).set(messages)

    def oldest(self, seconds: float) -> None:
        """Age of the oldest message of the batch just taken."""
        self._metrics.age.labels(self._stage).set(seconds)

    def paused(self, *, away: bool) -> None:
        """Whether the stage waits for a dependency."""
        self._paused.set(int(away))

    def commit_lost(self) -> None:
        """A rebalance took partitions whose commit was under way."""
        self._lost.inc()
