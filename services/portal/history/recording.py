"""Keeping each fax's ``record.json`` as the history has it: the history can be made anew of them.

It is behind the stage, not in its way: what is to be written is marked in the transaction that changes a fax, so a
store that is away, or a process that is killed, only makes it later.
"""

import asyncio
import logging
from typing import Final, Protocol

from schemas.keys import RECORD, fax_prefix
from services._runtime.claims import JSON, utc_now
from services._runtime.expiry import is_expired
from services._runtime.outcomes import DependencyAway
from services.portal.history.domain import record_of
from services.portal.history.unrecorded import WRITING, Due, Unrecorded

AT_ONCE: Final = 16
"""Requests to the store at a time."""

BATCH: Final = 200
PAUSE_SECONDS: Final = 1.0
"""Between looks where nothing is left to do: the steps of a fax that follow each other share a record."""

log = logging.getLogger(__name__)


class Store(Protocol):
    """Where records are: see `services._runtime.blobs.Blobs`."""

    async def get(self, key: str) -> bytes | None:
        """Its bytes."""

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Write it."""

    async def delete(self, key: str) -> None:
        """Delete it."""


class Told(Protocol):
    """What is told of records that wait."""

    def waiting(self, records: int) -> None:
        """So many wait to be brought up to date."""


class Recorder:
    """Writes records that are out of date, and deletes those of faxes that are gone. Any number may work at once."""

    def __init__(self, unrecorded: Unrecorded, store: Store, told: Told) -> None:
        self._unrecorded = unrecorded
        self._store = store
        self._told = told
        self._limit = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Never ends. While the database or the store is away, it waits for them."""
        while True:
            try:
                waiting = await self._unrecorded.number()
                self._told.waiting(waiting)
                done = await self.record() if waiting else 0
            except DependencyAway as away:
                log.warning("records wait", extra={"dependency": away.dependency})
                done = 0
            if done < BATCH:
                await asyncio.sleep(PAUSE_SECONDS)

    async def record(self) -> int:
        """Bring some records up to date; how many.

        Raises:
            DependencyAway: The database or the store doesn't answer, or not in time. Nothing is lost.
        """
        due = await self._unrecorded.take(BATCH)
        try:
            async with asyncio.timeout(WRITING.total_seconds()):
                ends = await asyncio.gather(*map(self._bring_up_to_date, due), return_exceptions=True)
        except TimeoutError as error:  # the store was too slow, or this process was stopped, and another had them since
            await self._unrecorded.again(due)
            raise DependencyAway("object-store", "too slow") from error
        await self._unrecorded.settle([one for one, end in zip(due, ends, strict=True) if end is None])
        for end in ends:
            if end is not None:
                raise end
        return len(due)

    async def _bring_up_to_date(self, one: Due) -> None:
        key = fax_prefix(one.accepted_at, one.fax_id) + RECORD
        async with self._limit:
            if one.steps:
                if not is_expired(one.accepted_at, utc_now()):  # else it is retention's by now
                    data = record_of(one.steps).model_dump_json(exclude_none=True).encode()
                    await self._store.put(key, data, JSON)
            elif await self._store.get(key) is not None:  # written while retention deleted the fax
                await self._store.delete(key)
