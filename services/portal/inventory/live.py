"""When an account is live: every table that decides about faxes has read its newest record.

In memory, and the same in every process of the portal: it follows fax-accounts from its start, and the positions on
fax-status from now on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.base import Event
from schemas.envelope import InvalidMessage, decode
from schemas.fax import TablePositionReported
from schemas.topics import FAX_ACCOUNTS, FAX_STATUS
from services._runtime.compacted import CompactedTable
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings
from services.portal.inventory.views import Account, LiveState
from services.portal.tail import Tail

SILENT: Final = timedelta(seconds=30)
"""A process that told nothing for so long is gone: it tells its position every 10 s."""

NEEDED: Final = "router"
"""The stage without which no account works: before one is heard, nothing is live."""


@dataclass(frozen=True)
class Published:
    """Where the newest record of an account lies."""

    version: int
    partition: str
    offset: int


class Publications(CompactedTable):
    """Account id → its newest record's place on fax-accounts."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(FAX_ACCOUNTS, settings)
        self.newest: dict[str, Published] = {}

    def take(self, record: Record) -> None:
        """See `CompactedTable`."""
        try:
            event = decode(FAX_ACCOUNTS, record.headers, record.value)
        except InvalidMessage:
            return
        if isinstance(event, FaxAccount | RemovedAccount):
            known = self.newest.get(event.account_id)
            if known is None or event.version > known.version:  # a repeat lies further on, and says the same
                self.newest[event.account_id] = Published(event.version, str(record.partition), record.offset)


@dataclass(frozen=True)
class Heard:
    """What a process told last, and when that was heard, by our clock that never jumps."""

    stage: str
    positions: Mapping[str, int]
    at: float


class Tables:
    """Instance → how far its table has read."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def hear(self, event: TablePositionReported, at: float) -> None:
        """A process told its position."""
        self._heard[event.instance] = Heard(event.stage, event.positions, at)

    def all_passed(self, published: Published, now: float) -> bool:
        """Whether every process that is heard of has read that record; at least a router is among them."""
        oldest = now - SILENT.total_seconds()
        self._heard = {name: one for name, one in self._heard.items() if one.at >= oldest}
        alive = self._heard.values()
        there = any(one.stage == NEEDED for one in alive)
        return there and all(one.positions.get(published.partition, 0) > published.offset for one in alive)


def live_state(account: Account, published: Published | None, tables: Tables, now: float) -> LiveState:
    """Whether the account works everywhere as it is now."""
    if published is None or published.version < account.version:
        return "becoming live"
    return "live" if tables.all_passed(published, now) else "becoming live"


class LiveStates:
    """Follows both topics while it is started."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._publications = Publications(settings)
        self._tables = Tables()
        self._tail = Tail(settings, FAX_STATUS, TablePositionReported, self._hear)

    async def start(self) -> None:
        """Know every account's newest record, and begin to listen.

        Raises:
            KafkaError: No broker answers.
            DependencyAway: The accounts can't be read to their end.
        """
        await self._tail.start()
        try:
            await self._publications.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of both topics."""
        await self._tail.stop()
        await self._publications.stop()

    def state(self, account: Account) -> LiveState:
        """Whether the account works everywhere as it is now; a removal: whether it is gone everywhere."""
        published = self._publications.newest.get(account.account_id)
        return live_state(account, published, self._tables, monotonic())

    def _hear(self, event: Event) -> None:
        if isinstance(event, TablePositionReported):
            self._tables.hear(event, monotonic())
