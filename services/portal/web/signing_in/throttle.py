"""How often somebody may fail to sign in: counted in the database, so for all processes together.

Failures are counted for an email from one network tightly, for an email from everywhere loosely, and for a network;
so a stranger elsewhere, even from many places, doesn't lock an owner out. Who comes with a browser that was signed in
with that email before, or is signed in, is counted by that browser only (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services.portal.web.signing_in.recording import network_of
from services.portal.web.signing_in.tables import ATTEMPTS

WINDOW_SECONDS: Final = 900

PER_PAIR: Final = 10
"""For one email from one network, or from one known browser; 10 in 15 minutes guess 350,000 passwords in a year."""

PER_EMAIL: Final = 100
"""For one email from everywhere, less known browsers."""

PER_NETWORK: Final = 40
"""From one network: an office shares one."""

_COUNTING: Final = 0x6E666179
"""Key of PostgreSQL's advisory lock under which attempts are counted."""

Standing = Literal["open", "closing", "closed"]
"""Whether an attempt may be judged; `closing`: it may not, and is the first that may not."""


@dataclass(frozen=True)
class Attempt:
    """One attempt, by all that it counts for.

    Attributes:
        limits: Subject → how many failures are borne.
        own: The subject whose failures are all forgotten when somebody gets in.
    """

    limits: Mapping[str, int]
    own: str

    @classmethod
    def at_email(cls, email: str, peer: str) -> "Attempt":
        """To sign in, from a browser that isn't known."""
        network = network_of(peer) or peer
        pair = _subject("pair", f"{network} {email}")
        shared = {_subject("email", email): PER_EMAIL, _subject("network", network): PER_NETWORK}
        return cls({pair: PER_PAIR, **shared}, pair)

    @classmethod
    def by_browser(cls, browser: str) -> "Attempt":
        """To sign in from a browser that is known, or to change a password when signed in."""
        subject = _subject("browser", browser)
        return cls({subject: PER_PAIR}, subject)

    @classmethod
    def with_token(cls, peer: str) -> "Attempt":
        """To ask with a token that is nobody's."""
        subject = _subject("token", network_of(peer) or peer)
        return cls({subject: PER_NETWORK}, subject)


class Throttle:
    """Counts attempts before they are judged: guesses sent at the same moment all count. Success takes it back.

    Every method raises `DependencyAway` ("database").
    """

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def admits(self, attempt: Attempt) -> Standing:
        """Count an attempt; whether it may be judged. One that may not is counted only where it was too much."""
        now = int(self._now().timestamp())
        async with transaction(self._engine) as connection:
            await _one_at_a_time(connection)
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at <= now - WINDOW_SECONDS))
            counted = select(ATTEMPTS.c.subject, func.count()).where(ATTEMPTS.c.subject.in_(attempt.limits))
            rows = await connection.execute(counted.group_by(ATTEMPTS.c.subject))
            counts: dict[str, int] = {row[0]: row[1] for row in rows}
            full = [one for one, limit in attempt.limits.items() if counts.get(one, 0) >= limit]
            first = [one for one in full if counts[one] == attempt.limits[one]]
            counting = first if full else list(attempt.limits)
            if counting:
                await connection.execute(insert(ATTEMPTS), [{"subject": one, "at": now} for one in counting])
        if not full:
            return "open"
        return "closing" if first else "closed"

    async def forgive(self, attempt: Attempt) -> None:
        """It was right: its own failures before are forgotten, and what it counted for others is taken back."""
        async with transaction(self._engine) as connection:
            for subject in attempt.limits:
                these = ATTEMPTS.c.subject == subject
                if subject != attempt.own:
                    these &= ATTEMPTS.c.id == select(func.max(ATTEMPTS.c.id)).where(these).scalar_subquery()
                await connection.execute(delete(ATTEMPTS).where(these))


async def _one_at_a_time(connection: AsyncConnection) -> None:
    """Wait for whoever counts at this moment: PostgreSQL shows nobody what isn't committed; SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNTING})


def _subject(kind: str, what: str) -> str:
    return sha256(f"{kind}:{what}".encode()).hexdigest()
