"""How many documents one person may read in an hour and in a day.

They are counted in the audit log, which has a line for each fax that somebody opens or keeps: so for all processes
together, and by what is written down in any case. A fax that is looked at again within the hour counts once.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Final

from sqlalchemy import ColumnElement, select, text

from services.portal.inventory.store import Change, Entry
from services.portal.inventory.tables import AUDIT

VIEWED: Final = "fax.viewed"
COUNTED: Final = (VIEWED, "fax.downloaded")
HELD_BACK: Final = "fax.held-back"
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

_COUNTING: Final = 0x6E667264
"""First key of PostgreSQL's advisory locks under which one person's documents are counted."""


class TooManyDocuments(Exception):  # noqa: N818 - it says what it is
    """Somebody has read as many as they may. 429.

    Args:
        seconds: Until they may read another.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class ReadingLimits:
    """Documents of one person: more than somebody reads, less than somebody carries away."""

    per_hour: int = 500
    per_day: int = 3000

    async def read(self, change: Change, entry: Entry) -> int:
        """Write down that the actor of `change` reads a fax, if they may; else the seconds until they may.

        One that they looked at within the hour they may look at again. That they are held back is written once an hour.
        """
        await _one_at_a_time(change)
        if entry.what == VIEWED and await _is_told(change, VIEWED, entry.subject):
            return 0
        hour = await _left(change, HOUR, self.per_hour)
        seconds = max(hour, await _left(change, DAY, self.per_day))
        if not seconds:
            await change.record(entry)
        elif not await _is_told(change, HELD_BACK):
            await change.record(replace(entry, what=HELD_BACK))
        return seconds


async def _is_told(change: Change, what: str, subject: str | None = None) -> bool:
    """Whether the log has such a line of the actor's, of the last hour."""
    line = select(AUDIT.c.id).where(*_mine(change, HOUR), AUDIT.c.what == what)
    line = line if subject is None else line.where(AUDIT.c.subject == subject)
    return await change.connection.scalar(line.limit(1)) is not None


async def _left(change: Change, window: timedelta, most: int) -> int:
    """Until the document that was read `most` documents ago is out of the window."""
    lines = select(AUDIT.c.at).where(*_mine(change, window), AUDIT.c.what.in_(COUNTED))
    before = await change.connection.scalar(lines.order_by(AUDIT.c.at.desc()).offset(most - 1).limit(1))
    return 0 if before is None else max(1, ceil((before + window - change.at).total_seconds()))


def _mine(change: Change, window: timedelta) -> tuple[ColumnElement[bool], ...]:
    return AUDIT.c.user_id == change.actor.user_id, AUDIT.c.at > change.at - window


async def _one_at_a_time(change: Change) -> None:
    """Wait for this person's other requests: PostgreSQL shows nobody what isn't committed; SQLite has one writer."""
    if change.connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key, hashtext(:who))")
        await change.connection.execute(lock, {"key": _COUNTING, "who": change.actor.user_id})
