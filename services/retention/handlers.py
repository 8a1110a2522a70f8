"""retention-requested in; parts of a day and fax-expired out."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from schemas.base import Event
from schemas.retention import RetentionRequested
from services._runtime.outcomes import Done, Outcome, RetryLater
from services.retention.adapters import Bucket
from services.retention.domain import Now, due_before, earliest
from services.retention.files import batches
from services.retention.incoming import Uploads
from services.retention.sweep import Sweep, Swept
from services.retention.telling import Told

PARTS = 20
"""Parts a day's task hands out at most before it asks for its own continuation: a bound on memory and on messages."""

ATTEMPTS = 3
DIFFERING = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    """A task of a day hands out tasks of its faxes; a task of faxes deletes those that are due."""

    bucket: Bucket
    sweep: Sweep
    uploads: Uploads
    faxes_per_task: int
    told: Told
    now: Now

    async def handle(self, task: RetentionRequested) -> Outcome:
        """Divide a day, or sweep faxes.

        Raises:
            DependencyAway: The store doesn't answer or holds can't be known; nothing was deleted.
        """
        ours, theirs = self.now(), await self.bucket.clock()
        if abs(ours - theirs) > DIFFERING:
            log.error("clocks differ", extra={"ours": ours.isoformat(), "store": theirs.isoformat()})
        task = task.model_copy(update={"due_before": due_before(task, earliest(ours, theirs))})
        return await (self._divide(task) if task.fax_ids is None else self._sweep(task, task.fax_ids))

    async def _divide(self, task: RetentionRequested) -> Outcome:
        if task.after is None:
            self.told.uploads(await self.uploads.sweep(task.day))
        limit = PARTS * self.faxes_per_task
        faxes = await self.sweep.faxes(task.day, task.due_before, task.after, limit)
        events: list[Event] = [_part(task, tuple(ids)) for ids in batches(faxes, self.faxes_per_task)]
        if len(faxes) == limit:
            events.append(task.model_copy(update={"after": faxes[-1]}))
        return Done(tuple(events))

    async def _sweep(self, task: RetentionRequested, fax_ids: tuple[UUID, ...]) -> Outcome:
        candidates = await self.sweep.look(task.day, fax_ids, task.due_before)
        swept = await self.sweep.carry_out(candidates, task.day)
        self.told.swept(swept)
        rest = (*swept.refused, *swept.unfinished)
        if not rest:
            return Done(tuple(swept.expired))
        if swept.expired:
            return Done((*swept.expired, _part(task, rest)))
        if swept.away is not None:
            raise swept.away
        return RetryLater("objects-not-deleted", attempts=ATTEMPTS, detail=_named(swept))


def _part(task: RetentionRequested, fax_ids: tuple[UUID, ...]) -> RetentionRequested:
    return RetentionRequested(day=task.day, due_before=task.due_before, fax_ids=fax_ids)


def _named(swept: Swept) -> str:
    keys = [key for theirs in swept.refused.values() for key in theirs]
    return f"{len(keys)} objects: {', '.join(keys)}"[:500]
