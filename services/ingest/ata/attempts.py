"""How often somebody may try: a bucket for each name, in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Final

REMEMBERED: Final = 10_000
"""Names kept. The one that tried longest ago is forgotten, and may try as often as a new one."""


@dataclass
class Attempts:
    """`burst` tries at once, and one more every `seconds`. A process counts for itself."""

    burst: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _spent: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, name: str) -> int:
        """Spend one try of `name`; or, if there is none left, the whole seconds until there is."""
        spent, at = self._spent.get(name, (0.0, self.clock()))
        spent = max(0.0, spent - (self.clock() - at) / self.seconds)
        if spent > self.burst - 1:
            return ceil((spent - self.burst + 1) * self.seconds)
        self._spent[name] = (spent + 1, self.clock())
        self._spent.move_to_end(name)
        if len(self._spent) > REMEMBERED:
            self._spent.popitem(last=False)
        return 0
