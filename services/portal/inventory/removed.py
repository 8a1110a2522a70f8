"""Fax accounts that were removed: when and by whom, and what became of the number since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory import rows
from services.portal.inventory.actors import Actor
from services.portal.inventory.reading import LIMIT, theirs
from services.portal.inventory.store import Store
from services.portal.inventory.tables import ACCOUNTS, AUDIT, NUMBERS, QUARANTINE
from services.portal.inventory.views import Account

Fate = Literal["free", "fax", "used", "moved"]
"""Of a number, since: free for this domain; a fax number of it again; used for something else; in another domain."""


@dataclass(frozen=True)
class RemovedAccount:
    """A removed account. `by` is who removed it, as they were called then.

    `now` is the account that has the number since, if it is this domain's. `kept_until` says until when the number is
    kept back from others than its last domain, if it still is.
    """

    account: Account
    by: str
    fate: Fate
    treatment: str
    now: str | None
    kept_until: datetime | None


@dataclass(frozen=True)
class Removed:
    """The list. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def accounts(
        self, actor: Actor, domain: str, query: str = "", *, before: datetime | None = None, limit: int = LIMIT
    ) -> tuple[RemovedAccount, ...]:
        """A domain's removed accounts, the newest first, whose digits contain those of `query`."""
        actor.must("see-numbers")
        digits = "".join(one for one in query if one.isdigit())
        chosen = [ACCOUNTS.c.domain == domain, ACCOUNTS.c.state == "removed", ACCOUNTS.c.number.contains(digits)]
        if before is not None:
            chosen.append(ACCOUNTS.c.changed_at < before)
        newest = select(ACCOUNTS.c.account_id).where(*chosen).order_by(ACCOUNTS.c.changed_at.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> tuple[RemovedAccount, ...]:
            await theirs(connection, actor, domain)
            ids = list(await connection.scalars(newest))
            found = await rows.accounts(connection, ACCOUNTS.c.account_id.in_(ids))
            since = {row.account_id: row for row in await connection.execute(_since(ids))}
            told = [_told(one, since[one.account_id], self.store.now()) for one in found]
            return tuple(sorted(told, key=lambda one: one.account.changed_at, reverse=True))

        return await self.store.read(work)


def _since(ids: list[str]) -> Any:
    """Who removed each account (its entry has the moment of the change), and where its number is now."""
    active = ACCOUNTS.alias("active")
    entry = and_(
        AUDIT.c.domain == ACCOUNTS.c.domain,
        AUDIT.c.what == "account.removed",
        AUDIT.c.subject == ACCOUNTS.c.number,
        AUDIT.c.at == ACCOUNTS.c.changed_at,
    )
    held = and_(active.c.number == ACCOUNTS.c.number, active.c.state == "active")
    joined = (
        ACCOUNTS.join(NUMBERS, NUMBERS.c.number == ACCOUNTS.c.number)
        .outerjoin(QUARANTINE, QUARANTINE.c.number == ACCOUNTS.c.number)
        .outerjoin(AUDIT, entry)
        .outerjoin(active, held)
    )
    columns = (
        ACCOUNTS.c.account_id,
        AUDIT.c.name,
        NUMBERS.c.domain,
        NUMBERS.c.treatment,
        QUARANTINE.c.until,
        active.c.account_id.label("now"),
    )
    return select(*columns).select_from(joined).where(ACCOUNTS.c.account_id.in_(ids))


def _told(account: Account, row: Any, now: datetime) -> RemovedAccount:
    here = row.domain == account.domain
    fate: Fate = "moved"
    if here:
        fate = "fax" if row.now else "free" if row.treatment == "available" else "used"
    kept = row.until if row.until and row.until > now and not row.now else None
    return RemovedAccount(account, row.name or "", fate, row.treatment, row.now if here else None, kept)
