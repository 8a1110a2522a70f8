"""Work that takes longer than a page may: asked for by a page, done by any portal process, looked at until it is done.

A job is tried out first: nothing is written, and its result says what would become of each row. Then it is taken: its
changes and its result are committed together, so a process that is killed leaves either all of it or nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Frozen, Instant
from services.portal.inventory.actors import Actor, Deed, NotThere
from services.portal.inventory.forms import ImportMode
from services.portal.inventory.store import Change, Store
from services.portal.inventory.tables import JOBS

Kind = Literal["import", "move", "reassign"]
JobState = Literal["waiting", "running", "tried", "done", "failed"]

DEEDS: Final[dict[Kind, Deed]] = {"import": "add-account", "move": "change-numbers", "reassign": "change-account"}
"""What somebody must be allowed to do to ask for a job, and to look at it."""

RECENT: Final = 5

GOING: Final = 10
"""Jobs of one reseller that may wait: they are done in turn, and others wait behind them."""


class TooManyJobs(Exception):  # noqa: N818 - it says what it is
    """So many jobs of the reseller wait that no other is taken now. 429."""


class JobRow(Frozen):
    """What becomes of a row: refused for the reasons `why`; or else, of a number that moves, what it will be.

    Attributes:
        line: Of the file, 1 for its header row; or of the numbers.
        user: The primary user until now; empty if it is no fax number.
        to: The primary user from now on; empty if there is none.
        new_user: Whether that user is made for it.
        device: The serial number of the ATA, which needs a new enrolment code.
        kept_until: Until when the number can't be taken where it goes.
    """

    line: int
    number: str
    why: tuple[str, ...] = ()
    user: str = ""
    to: str = ""
    new_user: bool = False
    device: str = ""
    kept_until: Instant | None = None


class JobResult(Frozen):
    """What became of a job, or would. `good` rows are done if `written`.

    Attributes:
        told: Of moved numbers, each good row.
        devices: Ids of the accounts whose adapters need a code; the codes themselves are kept nowhere.
        problem: Why it failed as a whole, for a person.
    """

    rows: int = 0
    good: int = 0
    refused: tuple[JobRow, ...] = ()
    told: tuple[JobRow, ...] = ()
    devices: tuple[str, ...] = ()
    written: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Job:
    """A job as it stands: `done` of `steps`, and once it is over its result."""

    job_id: str
    kind: Kind
    domain: str
    asker: Actor
    asked_at: datetime
    mode: ImportMode
    state: JobState
    done: int
    steps: int
    result: JobResult | None
    payload: bytes = field(repr=False)

    @property
    def going(self) -> bool:
        """Whether it is worth looking again."""
        return self.state in {"waiting", "running"}


@dataclass(frozen=True)
class Jobs:
    """Asks for jobs and looks at them. Raises `NotAllowed`, `NotThere` and `DependencyAway`; asking, `TooManyJobs`.

    `asked` is set whenever there is something to do, for a worker in the same process.
    """

    store: Store
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, actor: Actor, kind: Kind, domain: str, payload: bytes, tried: JobResult | None = None) -> str:
        """The id of a new job, to be tried out; or one that was tried with this result."""
        actor.must(DEEDS[kind])
        row = {
            "job_id": str(uuid4()),
            "kind": kind,
            "reseller": actor.reseller,
            "domain": domain,
            "user_id": actor.user_id,
            "name": actor.name,
            "role": actor.role,
            "mode": "dry-run",
            "payload": payload,
            "state": "tried" if tried else "waiting",
            "done": 0,
            "steps": 0,
            "result": tried.model_dump_json() if tried else None,
        }

        async def work(change: Change) -> str:
            await change.lock(domain)
            if tried is None:
                await _make_sure_of_room(change.connection, actor.reseller)
            await change.connection.execute(insert(JOBS).values(asked_at=change.at, **row))
            return str(row["job_id"])

        job_id = await self.store.change(actor, work)
        self.asked.set()
        return job_id

    async def job(self, actor: Actor, domain: str, job_id: str) -> Job:
        """A job of a domain."""

        async def work(connection: AsyncConnection) -> Job:
            return await _found(connection, actor, domain, job_id)

        return await self.store.read(work)

    async def recent(self, actor: Actor, domain: str, kind: Kind) -> Sequence[Job]:
        """The last ones of a kind, the newest first, without their payload."""
        actor.must(DEEDS[kind])
        columns = [one for one in JOBS.c if one.name != "payload"]
        mine = (JOBS.c.reseller == actor.reseller, JOBS.c.domain == domain, JOBS.c.kind == kind)
        chosen = select(*columns).where(*mine).order_by(JOBS.c.asked_at.desc()).limit(RECENT)

        async def work(connection: AsyncConnection) -> Sequence[Job]:
            return [job_of(row) for row in await connection.execute(chosen) if actor.reaches(row.reseller, row.domain)]

        return await self.store.read(work)

    async def take(self, actor: Actor, domain: str, job_id: str, mode: ImportMode) -> Job:
        """Do what was tried out, as whoever takes it. A second time it stays as it is: a form may be sent twice."""

        async def work(change: Change) -> Job:
            found = await _found(change.connection, actor, domain, job_id)
            if found.state == "tried":
                await _make_sure_of_room(change.connection, actor.reseller)
            tried = (JOBS.c.job_id == job_id) & (JOBS.c.state == "tried")
            again = {"state": "waiting", "mode": mode, "done": 0, "steps": 0, "result": None}
            taker = {"user_id": actor.user_id, "name": actor.name, "role": actor.role}
            changed = await change.connection.execute(update(JOBS).where(tried).values(again | taker))
            return replace(found, state="waiting", mode=mode, asker=actor) if changed.rowcount else found

        job = await self.store.change(actor, work)
        self.asked.set()
        return job


async def _make_sure_of_room(connection: AsyncConnection, reseller: str) -> None:
    theirs = (JOBS.c.reseller == reseller) & JOBS.c.state.in_(("waiting", "running"))
    going = await connection.scalar(select(func.count()).select_from(JOBS).where(theirs))
    if (going or 0) >= GOING:
        raise TooManyJobs(reseller)


async def _found(connection: AsyncConnection, actor: Actor, domain: str, job_id: str) -> Job:
    row = (await connection.execute(select(JOBS).where(JOBS.c.job_id == job_id))).one_or_none()
    if row is None or row.domain != domain or not actor.reaches(row.reseller, row.domain):
        raise NotThere("job")
    actor.must(DEEDS[row.kind])
    return job_of(row)


def job_of(row: Any) -> Job:
    """A job."""
    within = None if row.role == "reseller" else row.domain
    return Job(
        job_id=row.job_id,
        kind=row.kind,
        domain=row.domain,
        asker=Actor(row.user_id, row.name, row.role, row.reseller, within),
        asked_at=row.asked_at,
        mode=row.mode,
        state=row.state,
        done=row.done,
        steps=row.steps,
        result=JobResult.model_validate_json(row.result) if row.result else None,
        payload=getattr(row, "payload", b""),
    )
