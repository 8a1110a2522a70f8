"""What faxes leave behind when their rows go: what they came to, by day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.retention import LONGEST
from services._runtime.database import inserting
from services._runtime.history.tables import FAXES, USED
from services._runtime.history.usage import counted

KEPT: Final = LONGEST + timedelta(days=31)
"""A month of which some faxes have reached 365 days is told of until all have."""

_KEY: Final = ("day", "reseller", "domain", "account_id", "direction")
_SUMS: Final = ("faxes", "pages", "seconds")
_ASKED: Final = (*(name for name in _KEY if name != "day"), "accepted_at", "state", "pages", "seconds")


async def leave(connection: AsyncConnection, fax_ids: Iterable[Any], today: date) -> None:
    """Add up what these faxes came to, whose rows the same transaction deletes; forget what is too old."""
    asked = select(*(FAXES.c[name] for name in _ASKED)).where(FAXES.c.fax_id.in_(fax_ids))
    if sums := _sums((await connection.execute(asked)).all()):
        insert = inserting(connection, USED)
        changes = {name: USED.c[name] + insert.excluded[name] for name in _SUMS}
        await connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=changes), sums)
    await connection.execute(delete(USED).where(USED.c.day < today - KEPT))


def _sums(rows: Iterable[Row[Any]]) -> Sequence[dict[str, Any]]:
    """In the order of their keys, so that two transactions can't wait for each other."""
    found: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for row in rows:
        day = row.accepted_at.astimezone(UTC).date()
        sums = found[day, row.reseller or "", row.domain or "", row.account_id or "", row.direction]
        if counted(row.direction, row.state):
            sums[0] += 1
            sums[1] += row.pages or 0
        sums[2] += row.seconds or 0.0
    return [dict(zip((*_KEY, *_SUMS), (*key, *found[key]), strict=True)) for key in sorted(found)]
