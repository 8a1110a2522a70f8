"""What each kind of job does: files to import, numbers to move, numbers to give another primary user."""

from collections.abc import Mapping
from typing import Final

from pydantic import TypeAdapter

from services.portal.inventory.files import Files, Progress
from services.portal.inventory.forms import MoveForm, ReassignForm
from services.portal.inventory.jobs import Job, JobResult, JobRow, Kind
from services.portal.inventory.moves import Moves
from services.portal.inventory.store import Change
from services.portal.inventory.views import Imported
from services.portal.inventory.working import Finish, Work

MOVE: Final = TypeAdapter(MoveForm)
REASSIGN: Final = TypeAdapter(ReassignForm)
"""The payloads of jobs that are no file."""


def kinds(files: Files, moves: Moves) -> Mapping[Kind, Work]:
    """Kind → what does it."""

    async def imported(job: Job, progress: Progress, finish: Finish) -> JobResult:
        async def over(change: Change, done: Imported) -> None:
            await finish(change, result_of(done))

        done = await files.import_csv(job.asker, job.domain, job.payload, job.mode, progress, over)
        return result_of(done)

    async def moved(job: Job, progress: Progress, finish: Finish) -> JobResult:
        form = MOVE.validate_json(job.payload)
        return await moves.move(job.asker, job.domain, form, progress, finish)

    async def reassigned(job: Job, progress: Progress, finish: Finish) -> JobResult:
        form = REASSIGN.validate_json(job.payload)
        return await moves.reassign(job.asker, job.domain, form, progress, finish)

    return {"import": imported, "move": moved, "reassign": reassigned}


def result_of(done: Imported) -> JobResult:
    """What became of a file, without its secrets."""
    return JobResult(
        rows=done.rows,
        good=len(done.added),
        refused=tuple(
            JobRow(line=one.line, number=one.number, why=tuple(why.words for why in one.refusals))
            for one in done.refused
        ),
        devices=tuple(one.account.account_id for one in done.added if one.account.device and done.written),
        written=done.written,
    )
