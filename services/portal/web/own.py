"""First pages of those who look after no domain: a user's own fax numbers, and an operator's overview."""

from sqlalchemy import func, select
from starlette.responses import Response

from services._runtime.database import transaction
from services.portal.inventory.tables import ACCOUNTS, OUTBOX
from services.portal.web.gate import Visit
from services.portal.web.showing import show
from services.portal.web.tables import SESSIONS


async def own(visit: Visit) -> Response:
    """The fax numbers of which somebody is the primary user."""
    inventory, actor = visit.services.inventory, visit.actor
    found = await inventory.lists.accounts(actor, actor.domain or "")
    return await show(visit, "own.html", title="My fax numbers", accounts=found, live=visit.services.states(found))


async def operations(visit: Visit) -> Response:
    """How the portal itself is doing: counts, and nobody's data."""
    active = select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.state == "active")
    async with transaction(visit.services.engine) as connection:
        waiting = await connection.scalar(select(func.count()).select_from(OUTBOX))
        accounts = await connection.scalar(active)
        sessions = await connection.scalar(select(func.count(SESSIONS.c.user_id.distinct())))
    return await show(
        visit, "operations.html", title="Operations", waiting=waiting, accounts=accounts, sessions=sessions
    )
