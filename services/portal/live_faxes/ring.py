"""The newest steps, numbered, so that a browser that was away for a moment hears what it missed. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final
from uuid import UUID

MOST: Final = 5000
"""Steps: some seconds of a busy cluster, an hour of a quiet one, 1 MB of memory."""


@dataclass(frozen=True, slots=True)
class Step:
    """That a fax came to `version`, at `at`, or was deleted (`gone`); the first ever heard has number 1."""

    number: int
    fax_id: UUID
    version: int
    at: datetime
    account_id: str | None = None
    gone: bool = False


class Ring:
    """Remembers the newest steps."""

    def __init__(self, most: int = MOST) -> None:
        self._steps: deque[Step] = deque(maxlen=most)
        self.newest = 0

    def add(
        self, fax_id: UUID, version: int, at: datetime, account_id: str | None = None, *, gone: bool = False
    ) -> Step:
        """Number a step and remember it."""
        self.newest += 1
        step = Step(self.newest, fax_id, version, at, account_id, gone)
        self._steps.append(step)
        return step

    @property
    def known(self) -> Sequence[int]:
        """The numbers after which every step is remembered, the newest first."""
        return range(self.newest, self.newest - len(self._steps) - 1, -1)

    def since(self, number: int) -> Sequence[Step] | None:
        """The steps after that one, newest first; None if some of them are no longer remembered."""
        if number not in self.known:
            return None
        return tuple(takewhile(lambda step: step.number > number, reversed(self._steps)))
