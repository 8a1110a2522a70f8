"""One change of the portal's data: state, audit log and events, in one transaction."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.accounts import Brand
from schemas.base import Event
from services._runtime.database import SECONDS, reading, transaction
from services._runtime.outbox import Outbox
from services.portal.inventory.actors import Actor, NotThere
from services.portal.inventory.tables import AUDIT, BRANDS, DOMAINS

TRIES: Final = 3
"""Somebody else may write the same serial number or email between our look and our write: then we look again."""

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A line of the audit log, without who and when. Never holds a secret, nor its hash."""

    what: str
    subject: str
    domain: str | None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Change:
    """A transaction under way, by somebody, at a moment."""

    connection: AsyncConnection
    actor: Actor
    at: datetime
    outbox: Outbox

    async def lock(self, domain: str) -> Any:
        """The row of a domain, which nobody else changes or counts on until the transaction ends.

        Raises:
            NotThere: It isn't, or is not the actor's.
        """
        row = await locked(self.connection, domain)
        if row is None or not self.actor.reaches(row.reseller, row.domain):
            raise NotThere("domain")
        return row

    async def brand(self, reseller: str) -> Brand:
        """A reseller's face.

        Raises:
            NotThere: It has none.
        """
        found = await self.connection.scalar(select(BRANDS.c.brand).where(BRANDS.c.reseller == reseller))
        if found is None:
            raise NotThere("brand")
        return Brand.model_validate_json(found)

    async def record(self, *entries: Entry) -> None:
        """Write to the audit log."""
        if entries:
            await self.connection.execute(insert(AUDIT), [self._line(one) for one in entries])

    async def publish(self, events: Sequence[Event]) -> None:
        """Write to the outbox; call it after the state is written."""
        await self.outbox.put(self.connection, events, self.at)

    def _line(self, entry: Entry) -> dict[str, Any]:
        return {
            "at": self.at,
            "user_id": self.actor.user_id,
            "name": self.actor.name,
            "reseller": self.actor.reseller,
            "domain": entry.domain,
            "what": entry.what,
            "subject": entry.subject,
            "before": _json(entry.before),
            "after": _json(entry.after),
        }


def _json(fields: Mapping[str, Any] | None) -> str | None:
    return None if fields is None else json.dumps(fields, ensure_ascii=False, default=str)


async def locked(connection: AsyncConnection, domain: str) -> Any:
    """The row of a domain, locked; None if there is none. SQLite has one writer anyway.

    Its reseller's brand is held as it is, too: a change of brand changes every account, whatever its domain.
    """
    chosen = select(DOMAINS).where(DOMAINS.c.domain == domain).with_for_update()
    row = (await connection.execute(chosen)).one_or_none()
    if row is not None:
        brand = select(BRANDS.c.reseller).where(BRANDS.c.reseller == row.reseller)
        await connection.execute(brand.with_for_update(read=True))
    return row


@dataclass(frozen=True)
class Store:
    """The database, the outbox and a clock. What it does raises `DependencyAway` when the database doesn't answer."""

    engine: AsyncEngine
    outbox: Outbox
    now: Callable[[], datetime]

    async def change(self, actor: Actor, work: Callable[[Change], Awaitable[T]], seconds: float = SECONDS) -> T:
        """What `work` answers, once what it wrote is committed. It may be called again, so it must only write there."""
        for left in reversed(range(TRIES)):
            try:
                async with transaction(self.engine, seconds) as connection:
                    answer = await work(Change(connection, actor, self.now(), self.outbox))
                break
            except IntegrityError:
                if not left:
                    raise
        self.outbox.wake()
        return answer

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What `work` reads."""
        async with reading(self.engine) as connection:
            return await work(connection)
