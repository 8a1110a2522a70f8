"""Which language a visit is in: the one somebody chose, else their browser's, else the reseller's, else English."""

from starlette.requests import Request

from services._runtime.translating import Language
from services.portal.web.services import Services
from services.portal.web.signing_in.sessions import Session


async def language_of(services: Services, request: Request, session: Session | None) -> Language | None:
    """The language of a visit; None, if nobody knows of one.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    languages = services.languages
    if not languages.several:
        return None
    chosen = languages.find(session.language if session else None)
    known = chosen or languages.of_browser(request.headers.get("accept-language", ""))
    return known or await _of_reseller(services, request, session)


async def _of_reseller(services: Services, request: Request, session: Session | None) -> Language | None:
    if session and session.person.reseller:
        brand = await services.inventory.lists.brand(session.person.reseller)
    else:
        brand = await services.inventory.lists.brand_of_host(request.headers.get("host", ""))
    return services.languages.find(brand.language if brand else None)
