"""What ends with a password: sessions, and the API tokens of whoever had it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services._runtime.claims import utc_now
from services.portal.web.signing_in.tables import PORTAL_TOKENS, SESSIONS


@dataclass(frozen=True)
class Ended:
    """What ended with a password: how many sessions, how many API tokens."""

    sessions: int
    tokens: int


Noting = Callable[[AsyncConnection, Ended], Awaitable[None]]
"""Writes down what was done, in the transaction that does it."""


async def unnoted(_connection: AsyncConnection, _ended: Ended) -> None:
    """Whoever asks writes it down, or there is nobody to read it."""


async def end_sessions(connection: AsyncConnection, user_id: str) -> int:
    """Sign somebody out everywhere; how many sessions that were."""
    return (await connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user_id))).rowcount


async def end_tokens(connection: AsyncConnection, user_id: str) -> int:
    """Revoke somebody's API tokens for good; how many there were."""
    theirs = (PORTAL_TOKENS.c.user_id == user_id) & PORTAL_TOKENS.c.revoked_at.is_(None)
    ended = update(PORTAL_TOKENS).where(theirs).values(revoked_at=int(utc_now().timestamp()))
    return (await connection.execute(ended)).rowcount
