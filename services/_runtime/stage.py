"""A stage: a function from one event to the events it causes, and the bounds it runs within."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from schemas.topics import Topic
from services._runtime.outcomes import Outcome

Handler = Callable[[Any], Awaitable[Outcome]]


@dataclass(frozen=True)
class Stage:
    """What a stage's author writes.

    Attributes:
        name: Also the consumer group.
        topic: The topic it reads, with its retry tiers.
        handle: Event in, outcome out. It may raise `DependencyAway`; anything else it raises is an unexpected error.
        timeout: Hard limit of one call of `handle`, in seconds.
        concurrency: Keys handled at once.
        batch: Records taken at once.
    """

    name: str
    topic: Topic
    handle: Handler
    timeout: float = 30.0
    concurrency: int = 16
    batch: int = 64

    def check(self, max_poll_seconds: float) -> None:
        """Refuse bounds that would let Kafka take the partitions away from a batch that is still running.

        Raises:
            ValueError: records / concurrency * timeout isn't below half of max.poll.interval.
        """
        longest = self.batch / self.concurrency * self.timeout
        if longest >= max_poll_seconds / 2:
            raise ValueError(
                f"stage {self.name}: a batch may take {longest:.0f} s, but half of max.poll.interval is "
                f"{max_poll_seconds / 2:.0f} s. Take fewer records, more concurrency or a shorter timeout."
            )
