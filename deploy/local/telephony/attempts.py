"""The attempts that the simulator was ever asked for, in a file: what it has promised survives its death.

An attempt is *waiting* until its call starts, *calling* until it ends, then *ended*. Each step is on the disk before
what it announces happens. What was *calling* when the process died is never started again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table, Text, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.telephony.far_ends import Telling
from schemas.telephony import DialRequested, TelephonyDialResult
from services._runtime.database import transaction

SOON: Final = 0.2
"""Seconds after another result, in which one that was kept behind it is told."""

METADATA: Final = MetaData()
ATTEMPTS: Final = Table(
    "attempts",
    METADATA,
    Column("number", Integer, primary_key=True, comment="in the order of arrival"),
    Column("attempt_id", String, nullable=False, unique=True),
    Column("fax_id", String, nullable=False, index=True),
    Column("destination", String, nullable=False),
    Column("request", Text, nullable=False, comment="DialRequested as JSON"),
    Column("state", String, nullable=False, index=True),
    Column("call", Integer, nullable=False, default=0, comment="which call of its fax to its number; 0: none yet"),
    Column("result", Text, comment="TelephonyDialResult as JSON"),
    Column("untold", Integer, nullable=False, default=0, comment="how often it is still to be told"),
    Column("told", Integer, nullable=False, default=0, comment="how often it was"),
    Column("tell_at", Float, comment="seconds since the epoch"),
    Column("behind", Boolean, nullable=False, default=False, comment="waits for another result to be told"),
    Column("silent", Boolean, nullable=False, default=False, comment="its result is never told"),
)


@dataclass(frozen=True)
class Attempts:
    """The attempts. Every method raises `DependencyAway` when the file can't be written."""

    engine: AsyncEngine

    async def prepare(self) -> None:
        """Make the table when there is none."""
        async with self.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def take(self, request: DialRequested) -> bool:
        """Remember a request: False if this attempt is known already."""
        row = {
            "attempt_id": str(request.attempt_id),
            "fax_id": str(request.fax_id),
            "destination": request.destination,
            "request": request.model_dump_json(),
            "state": "waiting",
        }
        async with transaction(self.engine) as connection:
            taken = await connection.execute(insert(ATTEMPTS).values(row).on_conflict_do_nothing())
            return taken.rowcount == 1

    async def tell_again(self, attempt_id: UUID, now: datetime) -> bool:
        """Have the result of an attempt told once more, if it ended and was told; whether it will be."""
        mine = _is(attempt_id) & (ATTEMPTS.c.state == "ended") & ~ATTEMPTS.c.silent & (ATTEMPTS.c.untold == 0)
        async with transaction(self.engine) as connection:
            changed = await connection.execute(update(ATTEMPTS).where(mine).values(untold=1, tell_at=now.timestamp()))
            return changed.rowcount == 1

    async def waiting(self) -> list[DialRequested]:
        """The oldest requests whose calls haven't started; more of them than there are lines."""
        return [DialRequested.model_validate_json(row.request) for row in await self._in_state("waiting", 100)]

    async def interrupted(self) -> list[DialRequested]:
        """At the start of the process: the requests whose calls were under way when the last one died."""
        return [DialRequested.model_validate_json(row.request) for row in await self._in_state("calling")]

    async def start(self, request: DialRequested) -> int:
        """Before the call of a waiting attempt starts: which call of this fax to this number it is, from 1.

        Raises:
            LookupError: The attempt isn't waiting.
        """
        same = (ATTEMPTS.c.fax_id == str(request.fax_id)) & (ATTEMPTS.c.destination == request.destination)
        mine = _is(request.attempt_id) & (ATTEMPTS.c.state == "waiting")
        async with transaction(self.engine) as connection:
            number = (await connection.scalar(select(func.max(ATTEMPTS.c.call)).where(same)) or 0) + 1
            started = await connection.execute(update(ATTEMPTS).where(mine).values(state="calling", call=number))
            if started.rowcount != 1:
                raise LookupError(f"attempt {request.attempt_id} isn't waiting")
            return int(number)

    async def end(self, result: TelephonyDialResult, telling: Telling, now: datetime) -> None:
        """Keep the result of an attempt, to be told as `telling` says; what waited for another result may go now."""
        kept = {
            "state": "ended",
            "result": result.model_dump_json(),
            "untold": telling.times,
            "tell_at": now.timestamp() + telling.late_seconds,
            "behind": telling.behind,
            "silent": telling.times == 0,
        }
        others = ATTEMPTS.c.behind & (ATTEMPTS.c.attempt_id != str(result.attempt_id))
        async with transaction(self.engine) as connection:
            await connection.execute(update(ATTEMPTS).where(_is(result.attempt_id)).values(kept))
            if telling.times and not telling.behind:
                at = now.timestamp() + telling.late_seconds + SOON
                await connection.execute(update(ATTEMPTS).where(others).values(tell_at=at, behind=False))

    async def due(self, now: datetime) -> list[tuple[int, TelephonyDialResult]]:
        """The results to tell now, each with its number."""
        due = (ATTEMPTS.c.untold > 0) & (ATTEMPTS.c.tell_at <= now.timestamp())
        async with transaction(self.engine) as connection:
            rows = await connection.execute(select(ATTEMPTS).where(due).order_by(ATTEMPTS.c.tell_at).limit(100))
            return [(row.number, TelephonyDialResult.model_validate_json(row.result)) for row in rows]

    async def was_told(self, numbers: Sequence[int]) -> None:
        """Count the results as told once more."""
        done = update(ATTEMPTS).where(ATTEMPTS.c.number.in_(numbers) & (ATTEMPTS.c.untold > 0))
        async with transaction(self.engine) as connection:
            await connection.execute(done.values(untold=ATTEMPTS.c.untold - 1, told=ATTEMPTS.c.told + 1))

    async def next_due(self) -> float | None:
        """When there is something to tell next, in seconds since the epoch; None: nothing."""
        async with transaction(self.engine) as connection:
            soonest = await connection.scalar(select(func.min(ATTEMPTS.c.tell_at)).where(ATTEMPTS.c.untold > 0))
            return float(soonest) if soonest is not None else None

    async def _in_state(self, state: str, limit: int | None = None) -> Sequence[Any]:
        asked = select(ATTEMPTS).where(ATTEMPTS.c.state == state).order_by(ATTEMPTS.c.number).limit(limit)
        async with transaction(self.engine) as connection:
            return (await connection.execute(asked)).all()


def _is(attempt_id: UUID) -> Any:
    return ATTEMPTS.c.attempt_id == str(attempt_id)
