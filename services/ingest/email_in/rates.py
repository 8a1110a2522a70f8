"""How many mails a peer may send in a minute."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass
class Rate:
    """Counts by peer within one minute after another."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _minute: int = -1
    _seen: Counter[str] = field(default_factory=Counter)

    def allows(self, peer: str) -> bool:
        """Count one, and tell whether it is within the rate."""
        minute = int(self.clock() // MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        self._seen[peer] += 1
        return self._seen[peer] <= self.per_minute
