"""Making the history anew from what remembers it: what is gone, the records beside the faxes, and the newest steps.

All of it is idempotent: it may run beside the stage, in several processes, or again after a kill.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import FAX_EXPIRED, FAX_STATUS
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.database import connect, inserting, migrate, transaction
from services._runtime.history.tables import BUILT, READ_DAYS
from services._runtime.settings import KafkaSettings
from services.portal.history.adapters import Projection
from services.portal.history.records import RecordSource
from services.portal.history.sources import Source, TopicSource

TELL_SECONDS: Final = 5.0

STALE: Final = timedelta(days=1)
"""A rebuilding that was killed so long ago isn't gone on with, but begun anew: what it read has changed since."""

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with a source's name, how much of it is done, and how much there is."""


async def rebuild(projection: Projection, sources: Sequence[Source], progress: Progress) -> None:
    """Write all that `sources` remember.

    Raises:
        DependencyAway: The database or the store doesn't answer. Start again: nothing is doubled.
        KafkaError: No broker answers.
    """
    for source in sources:
        async for told in source.batches():
            if told.expired:
                await projection.remove(told.expired)
            if told.steps:
                await projection.write(told.steps, recorded=told.recorded)
            progress(source.name, told.done, told.total)


def sources(engine: AsyncEngine, kafka: KafkaSettings, store: Blobs) -> tuple[Source, ...]:
    """First what is gone, so that nothing of it is written; then the records; then what is newer than they are."""
    return TopicSource(FAX_EXPIRED, kafka), RecordSource(store, ReadDays(engine)), TopicSource(FAX_STATUS, kafka)


async def rebuild_database(url: str, kafka: KafkaSettings, store: Blobs, progress: Progress) -> None:
    """Bring a database to the newest tables, and write all that is remembered.

    Raises:
        DependencyAway, KafkaError: See `rebuild`. Called again within a day, it goes on.
    """
    engine = connect(url)
    try:
        await migrate(engine, "services._runtime.history")
        await rebuild(Projection(engine), sources(engine, kafka, store), progress)
        await ReadDays(engine).forget()
    finally:
        await engine.dispose()


async def rebuild_new(engine: AsyncEngine, projection: Projection, kafka: KafkaSettings, store: Blobs) -> None:
    """Rebuild a database that never was: the stage's group may stand at the end of topics that it has not seen.

    Raises:
        DependencyAway, KafkaError: See `rebuild`.
    """
    async with transaction(engine) as connection:
        built = await connection.scalar(select(BUILT.c.at).limit(1))
    if built is None:
        await rebuild(projection, sources(engine, kafka, store), LoggedProgress())
        await ReadDays(engine).forget()
        async with transaction(engine) as connection:
            await connection.execute(inserting(connection, BUILT).values(at=utc_now()).on_conflict_do_nothing())


class ReadDays:
    """How far a rebuilding is with the records: see `services.portal.history.records.Days`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self) -> set[date]:
        """Days of which all is written."""
        async with transaction(self._engine) as connection:
            await connection.execute(delete(READ_DAYS).where(READ_DAYS.c.at < utc_now() - STALE))
            return set(await connection.scalars(select(READ_DAYS.c.day)))

    async def note(self, day: date) -> None:
        """All of `day` is written."""
        async with transaction(self._engine) as connection:
            noted = inserting(connection, READ_DAYS).values(day=day, at=utc_now())
            await connection.execute(noted.on_conflict_do_nothing())

    async def forget(self) -> None:
        """The rebuilding is over."""
        async with transaction(self._engine) as connection:
            await connection.execute(delete(READ_DAYS))


class LoggedProgress:
    """Tells every few seconds, and when a source is done."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, source: str, done: int, total: int) -> None:
        """See `Progress`."""
        if done >= total or time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            log.info("rebuilding the history", extra={"source": source, "done": done, "total": total})
