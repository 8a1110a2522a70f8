"""Every fax account, in memory, read from the compacted topic `fax-accounts`."""

import asyncio
import logging
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.accounts import FaxAccount, RemovedAccount
from schemas.envelope import InvalidMessage, decode
from schemas.topics import FAX_ACCOUNTS
from services._runtime.kafka import client_options
from services._runtime.outcomes import DependencyAway
from services._runtime.records import Record
from services._runtime.settings import KafkaSettings

AccountRecord = FaxAccount | RemovedAccount

STALE_SECONDS = 5.0
"""How far behind the topic's end the table may be before its stage pauses."""

log = logging.getLogger(__name__)


class AccountTable:
    """Number → newest account record. Built before `start` returns, then followed; stale, it refuses to answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._records: dict[str, AccountRecord] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._fresh_at = 0.0
        self._moved = asyncio.Condition()
        self._consumer: AIOKafkaConsumer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the topic to its end, then follow it.

        Raises:
            KafkaError: No broker answers, or the topic is missing.
        """
        consumer = AIOKafkaConsumer(**client_options(self._settings), auto_offset_reset="earliest")
        await consumer.start()
        self._consumer = consumer
        try:
            partitions = [TopicPartition(FAX_ACCOUNTS.name, one) for one in range(FAX_ACCOUNTS.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            self._positions = dict.fromkeys(partitions, 0)
            self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._watch())]
            await self.catch_up(60.0)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the topic."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def look_up(self, fax_number: str) -> AccountRecord | None:
        """The newest record of a number.

        A number that isn't known is looked for once more at the topic's end, so that an account added a moment ago
        is never missed.

        Raises:
            DependencyAway: The table is behind, or Kafka doesn't answer.
        """
        if time.monotonic() - self._fresh_at > STALE_SECONDS:
            raise DependencyAway("fax-accounts", "the table is behind the topic")
        found = self._records.get(fax_number)
        if not isinstance(found, FaxAccount):
            await self.catch_up(STALE_SECONDS)
            found = self._records.get(fax_number)
        return found

    async def catch_up(self, seconds: float) -> None:
        """Wait until the table holds all that the topic holds now.

        Raises:
            DependencyAway: It took longer than `seconds`.
        """
        try:
            async with asyncio.timeout(seconds):
                ends = await self._ends()
                async with self._moved:
                    await self._moved.wait_for(lambda: self._reached(ends))
        except (TimeoutError, KafkaError) as error:
            raise DependencyAway("fax-accounts", type(error).__name__) from error
        self._fresh_at = time.monotonic()

    @property
    def positions(self) -> dict[str, int]:
        """Partition number → next offset, as reported on `fax-status`."""
        return {str(partition.partition): offset for partition, offset in self._positions.items()}

    @property
    def records(self) -> tuple[AccountRecord, ...]:
        """Every number's newest record, by number."""
        return tuple(self._records[number] for number in sorted(self._records))

    def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        return all(self._positions[partition] >= end for partition, end in ends.items())

    async def _ends(self) -> dict[TopicPartition, int]:
        if self._consumer is None:
            raise DependencyAway("fax-accounts", "the table isn't started")
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._positions))
        return ends

    async def _follow(self) -> None:
        consumer = self._consumer
        while consumer is not None:
            try:
                records = await consumer.getmany(timeout_ms=500)
                async with self._moved:
                    for record in (record for batch in records.values() for record in batch):
                        self._take(record)
                    for partition in self._positions:
                        self._positions[partition] = await consumer.position(partition)
                    self._moved.notify_all()
            except KafkaError as error:
                log.warning("account table", extra={"reason": type(error).__name__})
                await asyncio.sleep(0.5)

    async def _watch(self) -> None:
        while True:
            try:
                await self.catch_up(STALE_SECONDS)
            except DependencyAway as away:
                log.warning("account table is behind", extra={"reason": str(away)})
            await asyncio.sleep(1.0)

    def _take(self, record: Record) -> None:
        try:
            event = decode(FAX_ACCOUNTS, record.headers, record.value)
        except InvalidMessage as invalid:
            log.error("account record refused", extra={"offset": record.offset, "reason": str(invalid)})  # noqa: TRY400
            return
        if isinstance(event, FaxAccount | RemovedAccount):
            known = self._records.get(event.fax_number)
            if known is None or known.account_id != event.account_id or event.version >= known.version:
                self._records[event.fax_number] = event
