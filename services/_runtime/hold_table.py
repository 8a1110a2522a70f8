"""Every hold, in memory, read from the compacted topic `fax-holds`."""

import logging
from collections.abc import Sequence
from uuid import UUID

from schemas.envelope import InvalidMessage, decode
from schemas.retention import HoldChanged
from schemas.topics import FAX_HOLDS
from services._runtime.compacted import STALE_SECONDS, CompactedTable
from services._runtime.outcomes import DependencyAway
from services._runtime.records import Record
from services._runtime.running import running
from services._runtime.settings import KafkaSettings

HOLD_KINDS = ("fax", "account", "domain")

log = logging.getLogger(__name__)


class HoldTable(CompactedTable):
    """Scope → newest word on it. A record that can't be read makes the state unknown until its key has a newer one.

    Words may be repeated late (docs/adr/0008): one that lifts a hold which was set after it lifts nothing. One that
    sets a hold always does, for clocks may differ.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(FAX_HOLDS, settings)
        self._changes: dict[bytes | None, HoldChanged] = {}
        self._unreadable: dict[bytes | None, int] = {}

    async def read_to_end(self) -> None:
        """Know every hold that is set by now; raises `DependencyAway` when that can't be known."""
        await self.catch_up(STALE_SECONDS)
        if self._unreadable:
            offsets = ", ".join(str(offset) for offset in sorted(self._unreadable.values())[:5])
            raise DependencyAway(FAX_HOLDS.name, f"can't be read at offset {offsets}")

    @property
    def held(self) -> Sequence[HoldChanged]:
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
        if not isinstance(event, HoldChanged) or not is_scope(event.scope):
            self._refuse(record, "it names no fax, account or domain")
        elif not _comes_late(event, self._changes.get(record.key)):
            self._changes[record.key] = event

    def _refuse(self, record: Record, why: str) -> None:
        self._unreadable[record.key] = record.offset
        log.error("hold record refused: nothing is deleted", extra={"offset": record.offset, "reason": why})


def _comes_late(lifting: HoldChanged, known: HoldChanged | None) -> bool:
    return known is not None and known.held and not lifting.held and lifting.at < known.at


def is_scope(text: str) -> bool:
    """Whether `text` is ``fax:<id>``, ``account:<id>`` or ``domain:<name>``."""
    kind, _, name = text.partition(":")
    if kind != "fax":
        return kind in HOLD_KINDS and bool(name)
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


async def holds_now(settings: KafkaSettings) -> Sequence[HoldChanged]:
    """Every hold that is in force, read from the topic's beginning to its end.

    Raises:
        KafkaError: No broker answers, or the topic is missing.
    """
    async with running(HoldTable(settings)) as table:
        return table.held
