"""Sessions: a random id in a cookie, its SHA-256 in the database, and an end by the clock."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import reading, transaction
from services.portal.web.signing_in.people import Person, person_of
from services.portal.web.signing_in.tables import CHOSEN_LANGUAGES, SESSIONS

ID_BYTES: Final = 32
"""256 bits from the system's random source: a plain hash of it can't be guessed backwards."""

_SEEN_SECONDS: Final = 60
"""How exactly it is known when a session was last used: each page would be a write otherwise."""


@dataclass(frozen=True)
class Session:
    """Who is signed in, the token that each of their forms carries, and the language that they chose, if any."""

    person: Person
    form_token: str
    language: str | None = None


def form_token(cookie: str) -> str:
    """The token of forms that belongs to a cookie: only who holds the cookie can have it."""
    return sha256(b"form:" + cookie.encode()).hexdigest()


class Sessions:
    """The sessions of all processes. Every method raises `DependencyAway` ("database")."""

    def __init__(
        self, engine: AsyncEngine, idle: timedelta, longest: timedelta, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._idle = int(idle.total_seconds())
        self._longest = int(longest.total_seconds())
        self._now = now

    async def begin(self, user_id: str, before: str | None = None) -> str:
        """The cookie of a new session. The one `before` ends, so nobody can have planted the new one's id."""
        cookie, now = secrets.token_urlsafe(ID_BYTES), self._seconds()
        async with transaction(self._engine) as connection:
            ended = SESSIONS.c.session_sha256 == _hash(before or "")
            over = (SESSIONS.c.began_at < now - self._longest) | (SESSIONS.c.seen_at < now - self._idle)
            await connection.execute(delete(SESSIONS).where(ended | over))
            row = {"session_sha256": _hash(cookie), "user_id": user_id, "began_at": now, "seen_at": now}
            await connection.execute(insert(SESSIONS), row)
        return cookie

    async def find(self, cookie: str | None, *, used: bool = True) -> Session | None:
        """The session of a cookie, if it is one that lasts; not `used`, it isn't kept alive by that."""
        if not cookie:
            return None
        now = self._seconds()
        async with reading(self._engine) as connection:
            this = _with_language().where(SESSIONS.c.session_sha256 == _hash(cookie))
            row = (await connection.execute(this)).one_or_none()
            if row is None or row.began_at + self._longest < now or row.seen_at + self._idle < now:
                return None
            person = await person_of(connection, row.user_id)
        if used and row.seen_at + _SEEN_SECONDS < now:
            await self._seen(cookie, now)
        return Session(person, form_token(cookie), row.language) if person else None

    async def end(self, cookie: str) -> None:
        """Sign out."""
        async with transaction(self._engine) as connection:
            await connection.execute(delete(SESSIONS).where(SESSIONS.c.session_sha256 == _hash(cookie)))

    async def _seen(self, cookie: str, now: int) -> None:
        this = SESSIONS.c.session_sha256 == _hash(cookie)
        async with transaction(self._engine) as connection:
            await connection.execute(update(SESSIONS).where(this).values(seen_at=now))

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _with_language() -> Select[tuple[object, ...]]:
    chosen = SESSIONS.outerjoin(CHOSEN_LANGUAGES, SESSIONS.c.user_id == CHOSEN_LANGUAGES.c.user_id)
    return select(*SESSIONS.c, CHOSEN_LANGUAGES.c.language).select_from(chosen)


def _hash(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()
