"""Every fax account, in memory, read from the compacted topic `fax-accounts`."""

import logging

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.envelope import InvalidMessage, decode
from schemas.topics import FAX_ACCOUNTS
from services._runtime.compacted import STALE_SECONDS, CompactedTable
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

AccountRecord = FaxAccount | RemovedAccount

log = logging.getLogger(__name__)


class AccountTable(CompactedTable):
    """Number → newest account record. Stale, it refuses to answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(FAX_ACCOUNTS, settings)
        self._records: dict[str, AccountRecord] = {}

    async def look_up(self, fax_number: str) -> AccountRecord | None:
        """The newest record of a number.

        A number that isn't known is looked for once more at the topic's end, so that an account added a moment ago
        is never missed.

        Raises:
            DependencyAway: The table is behind, or Kafka doesn't answer.
        """
        self.refuse_if_stale()
        found = self._records.get(fax_number)
        if not isinstance(found, FaxAccount):
            await self.catch_up(STALE_SECONDS)
            found = self._records.get(fax_number)
        return found

    @property
    def records(self) -> tuple[AccountRecord, ...]:
        """Every number's newest record, by number."""
        return tuple(self._records[number] for number in sorted(self._records))

    def take(self, record: Record) -> None:
        """See `CompactedTable`."""
        try:
            event = decode(FAX_ACCOUNTS, record.headers, record.value)
        except InvalidMessage as invalid:
            log.error("account record refused", extra={"offset": record.offset, "reason": str(invalid)})  # noqa: TRY400
            return
        if isinstance(event, FaxAccount | RemovedAccount):
            known = self._records.get(event.fax_number)
            if known is None or known.account_id != event.account_id or event.version >= known.version:
                self._records[event.fax_number] = event
