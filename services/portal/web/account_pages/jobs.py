"""A job's page: how far it is, what would become of each row, and what became of it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from services._runtime.translating import N_
from services.portal.inventory import columns, sheets
from services.portal.inventory.account_secrets import MOST_CODES
from services.portal.inventory.forms import ImportMode
from services.portal.inventory.jobs import Job, JobRow
from services.portal.inventory.kinds import MOVE
from services.portal.inventory.phrases import PHRASES
from services.portal.inventory.refusals import Refusal
from services.portal.web.account_pages import job_words
from services.portal.web.account_pages.importing import csv_file, plain
from services.portal.web.account_pages.job_words import progress_words
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import domain_page, go, show

SHOWN: Final = 200
"""Rows on the page; all of the refused ones are in the file."""

MODES: Final[tuple[ImportMode, ...]] = ("all-or-nothing", "good-rows")

_LINE, _NUMBER = "Line", columns.NUMBER


async def job(visit: Visit) -> Response:
    """How it stands. While it goes, the page looks again by itself."""
    return await _page(visit, await _asked_for(visit))


async def progress(visit: Visit) -> Response:
    """How far it is: what the script asks while it goes."""
    one = await _asked_for(visit)
    told = {"going": one.going, "done": one.done, "steps": one.steps, "words": progress_words(one)}
    return JSONResponse(told, headers=PRIVATE)


async def take(visit: Visit) -> Response:
    """Do it: all rows, or those that can be done."""
    one = await _asked_for(visit)
    mode = visit.typed("mode") if one.kind == "import" else "all-or-nothing"
    if mode not in MODES:
        return await _page(visit, one, wrong=N_("Choose what to do with rows that are refused."))
    await visit.services.inventory.jobs.take(visit.actor, one.domain, one.job_id, mode)
    return go(_address(one))


async def refused_rows(visit: Visit) -> Response:
    """The refused rows as they came, each with its reasons: to mend, and to try again."""
    one = await _asked_for(visit)
    rows = {row.line: row for row in one.result.refused} if one.result else {}
    data = await asyncio.to_thread(_refused_rows, one, rows)
    return csv_file(data, f"refused-{plain(one.domain)}.csv")


async def codes(visit: Visit) -> Response:
    """Enrolment codes for the adapters, made now and shown this once."""
    one = await _asked_for(visit)
    devices = one.result.devices if one.result else ()
    typed = visit.typed("from")
    start = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0  # noqa: PLR2004 - digits
    made = await visit.services.inventory.secrets.new_codes(visit.actor, _target(one), devices[start:])
    return await _page(visit, one, codes=made)


async def _asked_for(visit: Visit) -> Job:
    path = visit.request.path_params
    return await visit.services.inventory.jobs.job(visit.actor, path["domain"], path["job"])


def _address(one: Job) -> str:
    return domain_page(one.domain, f"jobs/{one.job_id}")


def _target(one: Job) -> str:
    """The domain where the job's accounts are."""
    return MOVE.validate_json(one.payload).target if one.kind == "move" else one.domain


def _refused_rows(one: Job, refused: Mapping[int, JobRow]) -> bytes:
    """A file's own columns, with one more; or the numbers."""
    lines = sheets.read(one.payload) if one.kind == "import" else ()
    reasons = {line: " ".join(map(PHRASES.say, row.why)) for line, row in refused.items()}
    if one.kind != "import" or isinstance(lines, Refusal):
        rows = [
            {_LINE: str(row.line), _NUMBER: row.number, columns.REASONS: reasons[row.line]} for row in refused.values()
        ]
        return sheets.write(rows, (_LINE, _NUMBER, columns.REASONS))
    found = [{**line.fields, columns.REASONS: reasons[line.line]} for line in lines if line.line in refused]
    return sheets.write(found, (*columns.COLUMNS, columns.REASONS))


async def _page(visit: Visit, one: Job, **shown: Any) -> Response:
    domain = await visit.services.inventory.lists.domain(visit.actor, one.domain)
    values: dict[str, Any] = {"wrong": "", "codes": (), **shown}
    return await show(
        visit,
        "job.html",
        422 if values["wrong"] else 200,
        title=job_words.TITLES[one.kind],
        domain=domain,
        job=one,
        page=_address(one),
        words=job_words,
        say=PHRASES.say,
        target=_target(one),
        shown=SHOWN,
        most_codes=MOST_CODES,
        **values,
    )
