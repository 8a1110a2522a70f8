"""How often somebody may do something: token buckets, in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

REMEMBERED = 10_000
"""Buckets kept. The one that wasn't used for longest is forgotten, that is full again: it has mostly refilled."""


@dataclass
class Buckets:
    """A bucket for each name: `burst` at once, refilled by `per_second`.

    One process counts for itself: behind a load balancer each of n processes allows as much.
    """

    per_second: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _filled: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, name: str) -> int:
        """Whole seconds until there is one to take: 0 if there is."""
        level = self._level(name)
        return 0 if level >= 1 else ceil((1 - level) / self.per_second)

    def take(self, name: str) -> int:
        """Take one if there is one; the seconds to wait if not, else 0."""
        if (seconds := self.wait(name)) == 0:
            self._filled[name] = (self._level(name) - 1, self.clock())
            self._filled.move_to_end(name)
            if len(self._filled) > REMEMBERED:
                self._filled.popitem(last=False)
        return seconds

    def _level(self, name: str) -> float:
        level, at = self._filled.get(name, (self.burst, self.clock()))
        return min(self.burst, level + (self.clock() - at) * self.per_second)
