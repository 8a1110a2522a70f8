"""Every hold, in memory, read from the compacted topic `fax-holds`."""

import logging
from typing import Protocol

from schemas.envelope import InvalidMessage, decode
from schemas.retention import HoldChanged
from schemas.topics import FAX_HOLDS
from services._runtime.compacted import STALE_SECONDS, CompactedTable
from services._runtime.outcomes import DependencyAway
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings
from services.retention.domain import Facts, is_scope

log = logging.getLogger(__name__)


class Holds(Protocol):
    """What may not be deleted."""

    @property
    def names_accounts(self) -> bool:
        """Whether there is a hold on an account or a domain."""

    async def read_to_end(self) -> None:
        """Know every hold that is set by now; raises `DependencyAway` when that can't be known."""

    def cover(self, fax: Facts) -> bool:
        """Whether the fax is on hold."""


class HoldTable(CompactedTable):
    """Scope → newest word on it. A record that can't be read makes the state unknown until its key has a newer one."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(FAX_HOLDS, settings)
        self._changes: dict[bytes | None, HoldChanged] = {}
        self._unreadable: dict[bytes | None, int] = {}

    async def read_to_end(self) -> None:
        """See `Holds`."""
        await self.catch_up(STALE_SECONDS)
        if self._unreadable:
            offsets = ", ".join(str(offset) for offset in sorted(self._unreadable.values())[:5])
            raise DependencyAway(FAX_HOLDS.name, f"can't be read at offset {offsets}")

    def cover(self, fax: Facts) -> bool:
        """See `Holds`."""
        return any(one.held and one.scope in fax.scopes for one in self._changes.values())

    @property
    def names_accounts(self) -> bool:
        """See `Holds`."""
        return any(not one.scope.startswith("fax:") for one in self.held)

    @property
    def held(self) -> tuple[HoldChanged, ...]:
        """The holds that are set, by scope."""
        return tuple(sorted((one for one in self._changes.values() if one.held), key=lambda one: one.scope))

    def take(self, record: Record) -> None:
        """See `CompactedTable`."""
        self._unreadable.pop(record.key, None)
        if record.value is None:  # somebody cleared this key
            self._changes.pop(record.key, None)
            return
        try:
            event = decode(FAX_HOLDS, record.headers, record.value)
        except InvalidMessage as invalid:
            self._refuse(record, str(invalid))
            return
        if isinstance(event, HoldChanged) and is_scope(event.scope):
            self._changes[record.key] = event
        else:
            self._refuse(record, "it names no fax, account or domain")

    def _refuse(self, record: Record, why: str) -> None:
        self._unreadable[record.key] = record.offset
        log.error("hold record refused: nothing is deleted", extra={"offset": record.offset, "reason": why})
