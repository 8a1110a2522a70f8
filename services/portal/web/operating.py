"""Operations: what is stuck, since when, and what is safe to do. No page here shows anything of a fax's content."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, select
from starlette.responses import Response

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services._runtime.dead_letters import DeadLetterRecord, Resolution, with_reason
from services._runtime.outcomes import DependencyAway
from services._runtime.translating import gettext
from services.portal.inventory.actors import NotThere
from services.portal.inventory.tables import ACCOUNTS, OUTBOX
from services.portal.operating.domain import oldest, stage_lines, told
from services.portal.operating.operations import Operations
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show
from services.portal.web.signing_in.recording import Deed, Line, record
from services.portal.web.signing_in.tables import SESSIONS

ROWS: Final = 200
"""Dead letters shown at once; the next appear when these are dealt with."""

LETTERS: Final = "/operations/dead-letters"
HOW: Final[Mapping[str, tuple[Resolution, Deed]]] = {
    "replay": ("replayed", "dead-letter.replayed"),
    "drop": ("dropped", "dead-letter.dropped"),
}

log = logging.getLogger("nativefax.portal")


async def stages(visit: Visit) -> Response:
    """Stages and lag, and the portal itself; what can't be asked now is said to be away."""
    try:
        lines = stage_lines(await operations_of(visit).lags(), utc_now())
    except DependencyAway as away:
        return await away_page(visit, away, "stages", own=await _own(visit))
    worst = oldest(lines)
    return await show(
        visit, "operations.html", title=gettext("Operations"), lines=lines, worst=worst, **await _own(visit)
    )


async def letters(visit: Visit) -> Response:
    """The dead letters nobody has dealt with."""
    query = visit.request.query_params
    topic, reason = query.get("topic", ""), query.get("reason", "")
    try:
        every = await operations_of(visit).letters()
    except DependencyAway as away:
        return await away_page(visit, away, "dead-letters")
    found = [one for one in with_reason(every, reason or None) if topic in {"", one.topic}]
    return await show(
        visit,
        "dead_letters.html",
        title=gettext("Dead letters"),
        letters=found[:ROWS],
        count=len(found),
        topics=sorted({one.topic for one in every}),
        reasons=sorted({one.told("nf-reason") for one in every} - {""}),
        topic=topic,
        reason=reason,
    )


async def letter(visit: Visit) -> Response:
    """One of them: what went wrong, and nothing of what it says."""
    try:
        one = await _one(visit)
    except DependencyAway as away:
        return await away_page(visit, away, "dead-letters")
    return await show(
        visit, "dead_letter.html", title=gettext("Dead letter"), letter=one, told=told(one), size=len(one.value or b"")
    )


async def deal(visit: Visit) -> Response:
    """Send dead letters again, or drop them; those that were dealt with meanwhile are left alone."""
    how = HOW.get(visit.typed("how"))
    if how is None:
        raise NotThere("resolution")
    named = set(visit.chosen("letter"))
    try:
        chosen = [one for one in await operations_of(visit).letters() if one.name in named]
        await _deal(visit, chosen, *how)
    except DependencyAway as away:
        return await away_page(visit, away, "dead-letters", unsure=True)
    return go(LETTERS, how[0] if chosen else "none-chosen")


async def retention(visit: Visit) -> Response:
    """What retention did and found last."""
    try:
        report = await operations_of(visit).report()
    except DependencyAway as away:
        return await away_page(visit, away, "retention")
    return await show(visit, "retention_report.html", title=gettext("Retention"), report=report)


async def _deal(visit: Visit, chosen: Sequence[DeadLetterRecord], how: Resolution, deed: Deed) -> None:
    """Written down first, letter by letter: whatever is done is known to have been asked for."""
    for one in chosen:
        async with transaction(visit.services.engine) as connection:
            await record(connection, visit.person, utc_now(), Line(deed, one.name))
        await operations_of(visit).resolve([one], how, visit.person.name)
        log.info("dead letter dealt with", extra={"letter": one.name, "how": how, "by": visit.person.user_id})


async def _one(visit: Visit) -> DeadLetterRecord:
    path = visit.request.path_params
    found = await operations_of(visit).letters(path["topic"])
    one = next((one for one in found if str(one.offset) == path["offset"]), None)
    if one is None:
        raise NotThere("dead letter")
    return one


async def _own(visit: Visit) -> dict[str, int]:
    """How the portal itself is doing: counts, and nobody's data."""
    active = select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.state == "active")
    async with transaction(visit.services.engine) as connection:
        return {
            "unpublished": await connection.scalar(select(func.count()).select_from(OUTBOX)) or 0,
            "accounts": await connection.scalar(active) or 0,
            "sessions": await connection.scalar(select(func.count(SESSIONS.c.user_id.distinct()))) or 0,
        }


def operations_of(visit: Visit) -> Operations:
    """The pipeline.

    Raises:
        DependencyAway: This portal names none.
    """
    if visit.services.operations is None:
        raise DependencyAway("kafka", "this portal names none")
    return visit.services.operations


async def away_page(
    visit: Visit, away: DependencyAway, at: str, *, own: Mapping[str, int] | None = None, unsure: bool = False
) -> Response:
    """What is away, and what goes on all the same."""
    log.warning("dependency away", extra={"dependency": away.dependency})
    return await show(
        visit,
        "operations_away.html",
        503,
        title=gettext("Operations"),
        away=away.dependency,
        at=at,
        unsure=unsure,
        own=own,
    )
