"""Tokens of the portal's HTTP API: each acts as the person who made it, for as long as that person can sign in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services._runtime.tokens import digest, is_token, mint
from services._runtime.translating import N_
from services.portal.inventory.actors import NotAllowed, NotThere
from services.portal.web.signing_in.people import Person, person_of, unchanged
from services.portal.web.signing_in.recording import Line, record
from services.portal.web.signing_in.tables import PORTAL_TOKENS

MOST: Final = 20
"""Tokens that a person can have at a time."""

LONGEST_DAYS: Final = 3650

_USED_SECONDS: Final = 60
"""How exactly it is known when a token was last used: each request would be a write otherwise."""

Fault = Literal["name-invalid", "name-taken", "days-invalid", "too-many"]

FAULTS: Final[dict[Fault, str]] = {
    "name-invalid": N_("Write a name of 1 to 64 letters, digits, dots and hyphens that begins with a letter or digit."),
    "name-taken": N_("You have a token of this name. Revoke it first, or choose another name."),
    "days-invalid": N_("Write for how many days it works, from 1 to {days}; or leave it empty."),
    "too-many": N_("You can have {most} tokens. Revoke one that is no longer used."),
}


@dataclass(frozen=True)
class PortalToken:
    """A token, as its owner sees it."""

    token_id: str
    name: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True)
class MadeToken:
    """A new one; `text` is shown once."""

    token: PortalToken
    text: str

    def __repr__(self) -> str:
        return f"MadeToken({self.token!r})"


@dataclass(frozen=True)
class Bearer:
    """Who asks with a token."""

    person: Person
    token: PortalToken


class Tokens:
    """The tokens of all processes. Every method raises `DependencyAway` ("database")."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def make(self, person: Person, name: str, days: int | None = None) -> MadeToken | Fault:
        """A new token that acts as `person`; without `days` it works until it is revoked.

        Raises:
            NotAllowed: Somebody ended their sign-in, or set their password, a moment ago.
        """
        try:
            minted = mint(name, "nfp")
        except ValueError:
            return "name-invalid"
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            return "days-invalid"
        now = self._now()
        until = None if days is None else now + timedelta(days=days)
        async with transaction(self._engine) as connection:
            if not await unchanged(connection, person):
                raise NotAllowed("api-token")
            known = await _usable(connection, person.user_id, now)
            if any(one.name == name for one in known):
                return "name-taken"
            if len(known) >= MOST:
                return "too-many"
            row = _row(person.user_id, name, minted.sha256, now, until)
            await connection.execute(insert(PORTAL_TOKENS), row)
            told = {"works_until": until.isoformat() if until else "revoked"}
            await record(connection, person, now, Line("api-token.made", name, after=told))
        return MadeToken(PortalToken(row["token_id"], name, now, until, None), minted.text)

    async def of(self, person: Person) -> tuple[PortalToken, ...]:
        """Those of a person that work, by name."""
        async with transaction(self._engine) as connection:
            return await _usable(connection, person.user_id, self._now())

    async def revoke(self, person: Person, token_id: str) -> None:
        """End one: the next request with it is refused.

        Raises:
            NotThere: It is nobody's, or somebody else's.
        """
        now = self._now()
        async with transaction(self._engine) as connection:
            known = {one.token_id: one for one in await _usable(connection, person.user_id, now)}
            if token_id not in known:
                raise NotThere("token")
            this = update(PORTAL_TOKENS).where(PORTAL_TOKENS.c.token_id == token_id)
            await connection.execute(this.values(revoked_at=_seconds(now)))
            await record(connection, person, now, Line("api-token.revoked", known[token_id].name))

    async def find(self, text: str) -> Bearer | None:
        """Whose token that is; None if it is nobody's, has expired or was revoked, or they can't sign in any more."""
        if not is_token(text, "nfp"):
            return None
        now = self._now()
        this = PORTAL_TOKENS.c.sha256 == digest(text)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(select(PORTAL_TOKENS).where(this, _works(now)))).one_or_none()
            person = await person_of(connection, row.user_id) if row else None
            if row is None or person is None:
                return None
            if row.used_at is None or row.used_at + _USED_SECONDS <= _seconds(now):
                await connection.execute(update(PORTAL_TOKENS).where(this).values(used_at=_seconds(now)))
        return Bearer(person, _token(row))

    async def place(self, person: Person, name: str, sha256: str) -> bool:
        """Make known a token that was minted elsewhere; False if it was known before, even if it is revoked now."""
        now = self._now()
        async with transaction(self._engine) as connection:
            known = select(PORTAL_TOKENS.c.token_id).where(PORTAL_TOKENS.c.sha256 == sha256)
            if await connection.scalar(known) is not None:
                return False
            await connection.execute(insert(PORTAL_TOKENS), _row(person.user_id, name, sha256, now, None))
            await record(connection, person, now, Line("api-token.made", name))
        return True


def _row(user_id: str, name: str, sha256: str, now: datetime, until: datetime | None) -> dict[str, Any]:
    return {
        "token_id": str(uuid4()),
        "user_id": user_id,
        "name": name,
        "sha256": sha256,
        "made_at": _seconds(now),
        "expires_at": _seconds(until) if until else None,
    }


async def _usable(connection: AsyncConnection, user_id: str, now: datetime) -> tuple[PortalToken, ...]:
    mine = select(PORTAL_TOKENS).where(PORTAL_TOKENS.c.user_id == user_id, _works(now))
    return tuple(_token(row) for row in await connection.execute(mine.order_by(PORTAL_TOKENS.c.name)))


def _works(now: datetime) -> Any:
    until = PORTAL_TOKENS.c.expires_at
    return and_(PORTAL_TOKENS.c.revoked_at.is_(None), or_(until.is_(None), until > _seconds(now)))


def _token(row: Any) -> PortalToken:
    return PortalToken(row.token_id, row.name, _moment(row.made_at), _maybe(row.expires_at), _maybe(row.used_at))


def _maybe(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
