"""The language that somebody chooses for themselves, in the foot of each page."""

from sqlalchemy import delete, insert
from starlette.responses import Response

from services._runtime.database import transaction
from services.portal.inventory.actors import NotThere
from services.portal.web.gate import Visit
from services.portal.web.showing import go, home
from services.portal.web.signing_in.addresses import ours
from services.portal.web.signing_in.tables import CHOSEN_LANGUAGES

OF_BROWSER = ""
"""The choice not to choose."""


async def choose_language(visit: Visit) -> Response:
    """Speak it from now on, on whatever device they sign in; or each browser's own."""
    wanted = visit.typed("language")
    if wanted != OF_BROWSER and visit.services.languages.find(wanted) is None:
        raise NotThere("language")
    user_id = visit.person.user_id
    async with transaction(visit.services.engine) as connection:
        await connection.execute(delete(CHOSEN_LANGUAGES).where(CHOSEN_LANGUAGES.c.user_id == user_id))
        if wanted != OF_BROWSER:
            await connection.execute(insert(CHOSEN_LANGUAGES), {"user_id": user_id, "language": wanted})
    return go(ours(visit.typed("next")) or home(visit.person))
