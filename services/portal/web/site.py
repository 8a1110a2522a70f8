"""The portal as an application: its tables, its first sign-in, its pages."""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from services._runtime.database import transaction
from services.portal.provisioning import put_reseller
from services.portal.spoken import Spoken
from services.portal.web.faults import handlers
from services.portal.web.routes import routes
from services.portal.web.services import Services
from services.portal.web.settings import PortalSettings
from services.portal.web.signing_in.people import People
from services.portal.web.signing_in.tokens import Tokens

FIRST_NAME: Final = "Reseller"
FIRST_TOKEN: Final = "cli"  # noqa: S105 - its name


def site(services: Services, others: tuple[BaseRoute, ...] = ()) -> Spoken:
    """The pages in the language of each visit, and beside them `others`, which come first."""
    pages = Starlette(routes=[*others, *routes(services)], exception_handlers=handlers())
    return Spoken(pages, services.languages)


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
    async with transaction(engine) as connection:
        user = await put_reseller(connection, settings.first_reseller, settings.first_email, FIRST_NAME)
    await people.set_password(user.user_id, settings.first_password.get_secret_value())
    return True


async def place_first_token(people: People, tokens: Tokens, settings: PortalSettings) -> bool:
    """Let the token that the settings name act as the first sign-in; False if none is named, or it was known before.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    first = [one for one in await people.known_by(settings.first_email) if one.reseller == settings.first_reseller]
    if settings.first_token_sha256 is None or not first:
        return False
    return await tokens.place(first[0], FIRST_TOKEN, settings.first_token_sha256)
