"""Every fax account, in memory, read from the compacted topic `fax-accounts`."""

import logging
from collections import defaultdict
from typing import Literal

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.envelope import InvalidMessage, decode
from schemas.topics import FAX_ACCOUNTS
from services._runtime.compacted import STALE_SECONDS, CompactedTable
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

AccountRecord = FaxAccount | RemovedAccount

Property = Literal["account", "sender", "serial", "token"]
"""What active accounts are found by: account id, mail address that may send, ATA serial, SHA-256 of a token."""

log = logging.getLogger(__name__)


class AccountTable(CompactedTable):
    """Number → newest account record. Stale, it refuses to answer.

    Records may be repeated, in their order. What an account said before it gave the number up is never taken again:
    the number may be another customer's by then.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(FAX_ACCOUNTS, settings)
        self._records: dict[str, AccountRecord] = {}
        self._versions: dict[tuple[str, str], int] = {}  # by number and account, also of those that gave it up
        self._numbers: dict[tuple[Property, str], set[str]] = defaultdict(set)

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

    async def find(self, by: Property, value: str) -> tuple[FaxAccount, ...]:
        """The active accounts with a property, by number; nobody found is looked for once more, as in `look_up`.

        Raises:
            DependencyAway: The table is behind, or Kafka doesn't answer.
        """
        self.refuse_if_stale()
        if not self._numbers.get((by, value)):
            await self.catch_up(STALE_SECONDS)
        found = (self._records[number] for number in sorted(self._numbers.get((by, value), ())))
        return tuple(one for one in found if isinstance(one, FaxAccount))

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
            whose = event.fax_number, event.account_id
            if event.version > self._versions.get(whose, 0):
                self._versions[whose] = event.version
                self._replace(self._records.get(event.fax_number), event)

    def _replace(self, known: AccountRecord | None, event: AccountRecord) -> None:
        number = event.fax_number
        for one in _properties(known):
            self._numbers[one].discard(number)
            if not self._numbers[one]:
                del self._numbers[one]
        self._records[number] = event
        for one in _properties(event):
            self._numbers[one].add(number)


def _properties(record: AccountRecord | None) -> set[tuple[Property, str]]:
    if not isinstance(record, FaxAccount):
        return set()
    found: set[tuple[Property, str]] = {("account", record.account_id)}
    found |= {("sender", address.lower()) for address in (record.primary_user.email, *record.allowed_senders)}
    found |= {("token", one.sha256) for one in record.api_tokens}
    return found | ({("serial", record.ata.serial)} if record.ata else set())
