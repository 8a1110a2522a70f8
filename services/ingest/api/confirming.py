"""A publisher that knows since when nothing was confirmed: a producer that is broken for good needs a new process."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services._runtime.publisher import Message, Publishes, PublishUnknown

BROKEN_SECONDS = 120.0
"""Without one confirmation, while Kafka answers others."""


@dataclass
class Confirming:
    """`Publishes`, watched."""

    publisher: Publishes
    clock: Callable[[], float] = time.monotonic
    _failing_since: float | None = field(default=None)

    async def publish(self, messages: Sequence[Message]) -> None:
        """See `Publishes`."""
        try:
            await self.publisher.publish(messages)
        except PublishUnknown:
            self._failing_since = self._failing_since or self.clock()
            raise
        self._failing_since = None

    @property
    def broken(self) -> bool:
        """Whether it has failed for `BROKEN_SECONDS` and never succeeded meanwhile."""
        return self._failing_since is not None and self.clock() - self._failing_since > BROKEN_SECONDS
