"""The sweep: which faxes of a day there are, what becomes of each, and doing it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from schemas.keys import ACCEPTED, CLAIMS, FAXES, HELD, accepted_key, day_prefix
from schemas.retention import LONGEST, FaxExpired
from services._runtime.blobs import Blobs
from services._runtime.outcomes import DependencyAway
from services.retention.adapters import Bucket
from services.retention.domain import Facts, Now, Verdict, begins, is_due, is_gone, may_be_due, named, verdict
from services.retention.facts import facts
from services.retention.files import LIMIT, File
from services.retention.holds import Holds, cover, read
from services.retention.moving import Mover
from services.retention.pace import Pace
from services.retention.remains import Remains, remains


@dataclass(frozen=True)
class Candidate:
    """One fax: what is stored of it, what is known of it, whether it is due, and whether it is for everybody.

    One that is due only since its account keeps it for less time stays where it is while it is on hold: people go on
    reading it there, and no rule of the store's takes it yet.
    """

    remains: Remains
    facts: Facts
    due: bool
    due_for_all: bool

    @property
    def fax_id(self) -> UUID:
        """Of the fax."""
        return self.remains.fax_id

    @property
    def objects(self) -> int:
        """How many there are to delete, its acceptance among them."""
        return len(self.remains.documents) + len(self.remains.records) + 1


@dataclass
class Swept:
    """What was done, and what wasn't.

    Attributes:
        expired: The tombstones.
        refused: Objects that the store won't delete, by fax.
        unfinished: Faxes that another sweep must go on with.
        moved: Faxes moved below ``held/`` or back.
        away: Why it ended early.
    """

    expired: list[FaxExpired] = field(default_factory=list)
    refused: dict[UUID, list[str]] = field(default_factory=dict)
    unfinished: list[UUID] = field(default_factory=list)
    moved: int = 0
    away: DependencyAway | None = None


@dataclass(frozen=True)
class Sweep:
    """Deletes due faxes of one day, holds permitting.

    Of each fax the documents go first, then claims, decision and acceptance: as long as something is left, the fax is
    known, and an event that comes late finds its acceptance.
    """

    bucket: Bucket
    blobs: Blobs
    holds: Holds
    mover: Mover
    pace: Pace
    now: Now

    async def faxes(self, day: date, bound: datetime, after: UUID | None, limit: int) -> list[UUID]:
        """At most `limit` faxes of `day` after `after`, sorted: those that may be due, and those below ``held/``.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        roots = [HELD + FAXES, HELD + CLAIMS, *((FAXES, CLAIMS) if may_be_due(day, bound) else ())]
        found: set[UUID] = set()
        for prefix in (day_prefix(root, day) for root in roots):
            folders = await self.bucket.folders(prefix, f"{prefix}{after}/" if after else "", limit)
            found |= {fax_id for path in folders if (fax_id := named(path, prefix)) is not None}
        return sorted(found)[:limit]

    async def look(self, day: date, fax_ids: Sequence[UUID], bound: datetime) -> list[Candidate]:
        """Everything about these faxes of `day`; nothing is changed.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        stored = await self._stored(day, fax_ids)
        known = await facts(self.blobs, stored)
        bounds = bound, min(bound, self.now() - LONGEST)
        return [
            Candidate(one, fact, *((is_due if one.stored else is_gone)(day, fact.accepted_at, each) for each in bounds))
            for one, fact in zip(stored, known, strict=True)
        ]

    async def _stored(self, day: date, fax_ids: Sequence[UUID]) -> list[Remains]:
        """What is there. What is found nowhere is looked for again: another worker may move it between two listings."""
        versions = await self.bucket.versioned()
        found = await remains(self.bucket, day, fax_ids, versions=versions)
        missed = [one.fax_id for one in found if not one.stored]
        again = await remains(self.bucket, day, missed, versions=versions) if missed else []
        newest = {one.fax_id: one for one in again}
        return [newest.get(one.fax_id, one) for one in found]

    def verdict(self, one: Candidate) -> Verdict:
        """What becomes of it, as holds are known by now."""
        stored = one.remains
        held = cover(self.holds.held, one.facts)
        due = one.due_for_all if held else one.due
        return verdict(due=due, held=held, in_place=bool(stored.in_place), set_aside=bool(stored.held))

    async def carry_out(self, candidates: Sequence[Candidate], day: date) -> Swept:
        """Delete and move. Before each batch the holds are read to their end; unknown, nothing more is done.

        What the batch has to wait for it waits for before, and it ends early where that was long ago, so that no hold
        is overlooked which was set meanwhile.
        """
        swept, done = Swept(), 0
        for batch in whole_faxes(candidates):
            try:
                await self.pace.spend(sum(one.objects for one in batch if self.verdict(one) == "expire"))
                still_good = await read(self.holds)
                decided = [(one, self.verdict(one)) for one in batch]
                await self._move(decided, swept)
                await self._expire([one for one, word in decided if word == "expire"], day, swept, still_good)
            except DependencyAway as away:
                swept.away = away
                swept.unfinished = [one.fax_id for one in candidates[done:] if one.fax_id not in swept.refused]
                break
            done += len(batch)
        return swept

    async def _move(self, decided: Sequence[tuple[Candidate, Verdict]], swept: Swept) -> None:
        for one, word in decided:
            if word == "hold":
                swept.moved += await self.mover.set_aside(one.remains)
            elif word == "restore":
                swept.moved += await self.mover.bring_back(one.remains)

    async def _expire(
        self, faxes: Sequence[Candidate], day: date, swept: Swept, still_good: Callable[[], None]
    ) -> None:
        await self._delete(faxes, [one.remains.documents for one in faxes], swept, still_good)
        empty = [one for one in faxes if one.fax_id not in swept.refused]
        acceptances = await self._acceptances(empty)
        records = [[*acceptances[one.fax_id], *one.remains.records] for one in empty]
        await self._delete(empty, records, swept, still_good)
        swept.expired += [self._tombstone(one, day) for one in empty if one.fax_id not in swept.refused]

    async def _delete(
        self,
        faxes: Sequence[Candidate],
        theirs: Sequence[Sequence[File]],
        swept: Swept,
        still_good: Callable[[], None],
    ) -> None:
        files = list(chain.from_iterable(theirs))
        left = set(await self.bucket.delete(files, still_good))
        for one, mine in zip(faxes, theirs, strict=True):
            if refused := [file.key for file in mine if file in left]:
                swept.refused[one.fax_id] = refused

    async def _acceptances(self, faxes: Sequence[Candidate]) -> dict[UUID, list[File]]:
        """Every version of each acceptance; without versions its name is enough."""
        keys = {one.fax_id: accepted_key(one.fax_id) for one in faxes}
        if not await self.bucket.versioned():
            return {fax_id: [File(key)] for fax_id, key in keys.items()}
        found: dict[UUID, list[File]] = {fax_id: [] for fax_id in keys}
        for file in await self.bucket.all_of(list(keys.values())):
            found[UUID(file.key.removeprefix(ACCEPTED))].append(file)
        return found

    def _tombstone(self, one: Candidate, day: date) -> FaxExpired:
        return FaxExpired(
            fax_id=one.fax_id,
            account_id=one.facts.account_id,
            accepted_at=one.facts.accepted_at or begins(day),
            expired_at=self.now(),
            objects=len(one.remains.in_place),
            size=one.remains.size,
        )


def whole_faxes(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Batches of as many faxes as have at most 1,000 objects together; a fax is never split."""
    batch: list[Candidate] = []
    objects = 0
    for one in candidates:
        more = len(one.remains.documents)
        if batch and objects + more > LIMIT:
            yield batch
            batch, objects = [], 0
        batch.append(one)
        objects += more
    if batch:
        yield batch
