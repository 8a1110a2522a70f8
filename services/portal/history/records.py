"""Reading the faxes' ``record.json``: a source that goes back as far as faxes are kept.

A fax without one (it has not ended, or it is from before there were records) is known by the router's decisions, and
so is whose it is where no step tells (it is from before they did).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.decision import DELETED, Decision
from schemas.fax import FaxStatusChanged
from schemas.keys import DECISION, FAXES, HELD, RECORD, RELEASE
from schemas.record import Record
from schemas.retention import LONGEST
from services._runtime.claims import utc_now
from services.portal.history.sources import Told

T = TypeVar("T", bound=BaseModel)

BATCH: Final = 250
"""Faxes that are read, and then written in one transaction."""

AT_ONCE: Final = 32
"""Requests to the store at a time."""

log = logging.getLogger(__name__)


class Store(Protocol):
    """Where records are: see `services._runtime.blobs.Blobs`."""

    async def get(self, key: str) -> bytes | None:
        """Its bytes."""

    async def folders(self, prefix: str) -> Sequence[str]:
        """What is below."""


class Days(Protocol):
    """Which days were read before, by a rebuilding that was killed."""

    async def read(self) -> set[date]:
        """They needn't be read again."""

    async def note(self, day: date) -> None:
        """All of this day is written."""


@dataclass(frozen=True)
class RecordSource:
    """The faxes of the last 365 days, day by day, those on hold too; it counts days."""

    store: Store
    days: Days
    now: Callable[[], datetime] = utc_now
    name: str = "records"
    limit: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def batches(self) -> AsyncIterator[Told]:
        """See `Source`.

        Raises:
            DependencyAway: The store or the database doesn't answer.
        """
        read = await self.days.read()
        found = await self._days()
        for number, day in enumerate(sorted(found)):
            if day not in read:
                async for recorded, steps in self._of_day(found[day]):
                    yield Told(steps, (), number, len(found), recorded=recorded)
                await self.days.note(day)
            yield Told((), (), number + 1, len(found))

    async def _days(self) -> dict[date, list[str]]:
        """Each day with its prefixes."""
        first = (self.now() - LONGEST).date()
        paths = [FAXES, HELD + FAXES]
        for _year_month_day in range(3):
            paths = [folder for path in paths for folder in await self.store.folders(path)]
        found: dict[date, list[str]] = {}
        for path in paths:
            day = _day(path)
            if day is not None and day >= first:
                found.setdefault(day, []).append(path)
        return found

    async def _of_day(self, prefixes: Sequence[str]) -> AsyncIterator[tuple[bool, list[FaxStatusChanged]]]:
        """What records tell, and then what decisions tell in their place; the next batch is read meanwhile."""
        folders = [folder for prefix in prefixes for folder in await self.store.folders(prefix)]
        batches = [folders[first : first + BATCH] for first in range(0, len(folders), BATCH)]
        reading = asyncio.create_task(self._read(batches[0] if batches else []))
        try:
            for following in (*batches[1:], []):
                told = await reading
                reading = asyncio.create_task(self._read(following))
                for recorded in (True, False):
                    yield recorded, [step for by_record, steps in told if by_record is recorded for step in steps]
        finally:
            reading.cancel()

    async def _read(self, folders: Sequence[str]) -> Sequence[tuple[bool, Sequence[FaxStatusChanged]]]:
        return await asyncio.gather(*map(self._steps, folders))

    async def _steps(self, folder: str) -> tuple[bool, Sequence[FaxStatusChanged]]:
        """What is known of one fax, and whether its record tells it."""
        record = await self._parsed(folder + RECORD, Record)
        told = record.steps if record else ()
        if any(step.reseller for step in told):
            return True, told
        decisions = [await self._parsed(folder + name, Decision) for name in (DECISION, RELEASE)]
        decided = [_step(one) for one in decisions if one is not None and one.rule != DELETED]
        return not decided, [*told, *decided]

    async def _parsed(self, key: str, model: type[T]) -> T | None:
        async with self.limit:
            raw = await self.store.get(key)
        try:
            return None if raw is None else model.model_validate_json(raw)
        except ValidationError as error:
            log.warning("a record can't be read", extra={"key": key, "errors": error.error_count()})
            return None


def _step(decision: Decision) -> FaxStatusChanged:
    return decision.status.model_copy(update={"reseller": decision.reseller, "domain": decision.domain})


def _day(path: str) -> date | None:
    """The day of a prefix like ``fax/2026/11/24/``."""
    try:
        return datetime.strptime("/".join(path.rstrip("/").split("/")[-3:]), "%Y/%m/%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
