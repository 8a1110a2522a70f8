"""For operators: stray holds, and who was held back of late."""

from typing import Final

from sqlalchemy import func, select
from starlette.responses import Response

from services._runtime.database import reading
from services._runtime.outcomes import DependencyAway
from services._runtime.translating import gettext
from services.portal.faxes.reading import HELD_BACK
from services.portal.inventory import rows
from services.portal.inventory.actors import NotThere
from services.portal.inventory.refusals import Refused
from services.portal.inventory.tables import AUDIT
from services.portal.operating.stray_holds import StrayHolds
from services.portal.web.domain_pages.deeds import deed_words
from services.portal.web.gate import Visit
from services.portal.web.operating import away_page, operations_of
from services.portal.web.showing import go, show

HOLDS: Final = "/operations/holds"
SHOWN: Final = 200
NEWEST: Final = 200_000
"""Lines of the audit log that are looked through."""


async def stray(visit: Visit) -> Response:
    """The list."""
    return await _page(visit)


async def lift(visit: Visit) -> Response:
    """Lift one."""
    try:
        held = await operations_of(visit).holds()
        done = await _strays(visit).lift(held, visit.typed("scope"), visit.typed("reason"), visit.person)
    except DependencyAway as away:
        return await away_page(visit, away, "holds", unsure=True)
    if done is None:
        raise NotThere("hold")
    return await _page(visit, done) if isinstance(done, Refused) else go(HOLDS, "lifted")


async def held_back(visit: Visit) -> Response:
    """Who wanted to open too many faxes, or failed to sign in too often; nothing of what they did besides."""
    newest = select(func.max(AUDIT.c.id)).scalar_subquery()
    told = AUDIT.c.what.in_((HELD_BACK, "sign-in-held-back"))
    lines = select(AUDIT).where(AUDIT.c.id > newest - NEWEST, told).order_by(AUDIT.c.id.desc()).limit(SHOWN)
    async with reading(visit.services.engine) as connection:
        found = [(rows.audited_of(one), one.reseller) for one in await connection.execute(lines)]
    return await show(visit, "held_back.html", title=gettext("Held back"), entries=found, deed_words=deed_words)


async def _page(visit: Visit, no: Refused | None = None) -> Response:
    try:
        found = await _strays(visit).among(await operations_of(visit).holds())
    except DependencyAway as away:
        return await away_page(visit, away, "holds")
    return await show(
        visit,
        "stray_holds.html",
        title=gettext("Stray holds"),
        holds=found,
        refused=no,
        typed_scope=visit.typed("scope"),
        typed_reason=visit.typed("reason"),
    )


def _strays(visit: Visit) -> StrayHolds:
    faxes = visit.services.faxes
    return StrayHolds(visit.services.inventory.lists.store, faxes.history if faxes else None)
