"""Who read which fax of late, so that turning its pages makes one line in the audit log, not fifty."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

ONCE: Final = timedelta(hours=1)
"""One line for each reader and fax in this time."""
REMEMBERED: Final = 10_000
"""Pairs of reader and fax. One that is forgotten, or is another process's, makes another line: no harm."""


class Viewings:
    """The viewings of this process that are written down."""

    def __init__(self) -> None:
        self._at: OrderedDict[tuple[str, UUID], datetime] = OrderedDict()

    def is_known(self, user_id: str, fax_id: UUID, now: datetime) -> bool:
        """Whether this viewing is written down already."""
        before = self._at.get((user_id, fax_id))
        return before is not None and now - before < ONCE

    def remember(self, user_id: str, fax_id: UUID, now: datetime) -> None:
        """It is."""
        self._at[user_id, fax_id] = now
        self._at.move_to_end((user_id, fax_id))
        while len(self._at) > REMEMBERED:
            self._at.popitem(last=False)
