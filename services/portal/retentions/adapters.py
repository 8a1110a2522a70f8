"""The accounts whose retention is shorter, from the portal's database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.database import reading
from services.portal.inventory.tables import ACCOUNTS
from services.portal.retentions.domain import shorter_days

AT_ONCE: Final = 1_000


class Accounts:
    """Reads them; raises `DependencyAway` ("database")."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def shorter(self) -> Mapping[int, Sequence[str]]:
        """Days → the accounts that keep their faxes so long; those that were removed keep to what they last said."""
        found: dict[int, list[str]] = defaultdict(list)
        after = ""
        while rows := await self._after(after):
            for row in rows:
                if (days := shorter_days(row.settings)) is not None:
                    found[days].append(row.account_id)
            after = rows[-1].account_id
        return found

    async def _after(self, account_id: str) -> Sequence[Any]:
        asked = select(ACCOUNTS.c.account_id, ACCOUNTS.c.settings).where(ACCOUNTS.c.account_id > account_id)
        async with reading(self._engine) as connection:
            return (await connection.execute(asked.order_by(ACCOUNTS.c.account_id).limit(AT_ONCE))).all()
