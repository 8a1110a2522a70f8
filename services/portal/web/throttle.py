"""How often somebody may try to sign in: counted in the database, so for all processes together."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services.portal.web.tables import ATTEMPTS

WINDOW_SECONDS: Final = 900
PER_ACCOUNT: Final = 10
"""Failures for one email in the window; 10 in 15 minutes guess 350,000 passwords in a year."""

PER_PEER: Final = 40
"""Failures from one address in the window: an office shares one."""


class Throttle:
    """Counts attempts before they are judged: guesses sent at the same moment all count."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def admits(self, email: str, peer: str) -> bool:
        """Count one attempt; whether it may be judged. Raises `DependencyAway` ("database")."""
        now = int(self._now().timestamp())
        account, address = _subject("account", email), _subject("peer", peer)
        async with transaction(self._engine) as connection:
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at <= now - WINDOW_SECONDS))
            await connection.execute(insert(ATTEMPTS), [{"subject": one, "at": now} for one in (account, address)])
            counted = select(ATTEMPTS.c.subject, func.count()).where(ATTEMPTS.c.subject.in_((account, address)))
            rows = await connection.execute(counted.group_by(ATTEMPTS.c.subject))
            counts: dict[str, int] = {row[0]: row[1] for row in rows}
        return counts[account] <= PER_ACCOUNT and counts[address] <= PER_PEER

    async def forgive(self, email: str) -> None:
        """Forget the failures of an account whose owner has signed in; those of the peer stay."""
        async with transaction(self._engine) as connection:
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.subject == _subject("account", email)))


def _subject(kind: str, what: str) -> str:
    return sha256(f"{kind}:{what}".encode()).hexdigest()
