"""The portal as an application: its tables, its first sign-in, its pages."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services.portal.inventory.tables import RESELLERS, USERS
from services.portal.inventory.views import User
from services.portal.inventory.writing import user_row
from services.portal.web.faults import handlers
from services.portal.web.people import People
from services.portal.web.routes import routes
from services.portal.web.services import Services
from services.portal.web.settings import PortalSettings

FIRST_NAME: Final = "Reseller"


def site(services: Services, others: tuple[BaseRoute, ...] = ()) -> Starlette:
    """The pages, and beside them `others`, which come first."""
    return Starlette(routes=[*others, *routes(services)], exception_handlers=handlers())


def idle(settings: PortalSettings) -> timedelta:
    """How long a session may be unused."""
    return timedelta(minutes=settings.idle_minutes)


def longest(settings: PortalSettings) -> timedelta:
    """How long a session may last."""
    return timedelta(hours=settings.session_hours)


async def let_first_in(engine: AsyncEngine, people: People, settings: PortalSettings) -> bool:
    """Make the first sign-in if there is none and the settings name a password; whether it was made.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    if settings.first_password is None or await people.is_anybody():
        return False
    name = settings.first_reseller
    user = User(str(uuid4()), name, None, None, FIRST_NAME, settings.first_email, "reseller", fax_only=False)
    async with transaction(engine) as connection:
        if await connection.scalar(select(RESELLERS.c.reseller).where(RESELLERS.c.reseller == name)) is None:
            await connection.execute(insert(RESELLERS), {"reseller": name, "white_label": True})
        await connection.execute(insert(USERS), user_row(user, utc_now()))
    await people.set_password(user.user_id, settings.first_password.get_secret_value())
    return True
