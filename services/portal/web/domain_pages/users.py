"""The users of a domain, and which of them can sign in."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from services._runtime.translating import gettext
from services.portal.inventory.actors import NotThere
from services.portal.inventory.forms import UserForm
from services.portal.inventory.refusals import Refused
from services.portal.inventory.views import User
from services.portal.web.domain_pages import giving
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import domain_page, go, show

FOUND: Final = 20
"""Users offered while somebody types."""


async def users(visit: Visit) -> Response:
    """The list."""
    return await _list(visit, open="add" in visit.request.query_params)


async def find(visit: Visit) -> Response:
    """Users that match what is typed so far, for the list below a field."""
    domain, query = visit.request.path_params["domain"], visit.request.query_params.get("q", "")
    found = await visit.services.inventory.lists.users(visit.actor, domain, query, limit=FOUND)
    told = [{"value": one.extension or one.name, "name": one.name, "email": one.email} for one in found]
    return JSONResponse(told, headers=PRIVATE)


async def add_user(visit: Visit) -> Response:
    """Another user, who can't sign in yet."""
    domain = visit.request.path_params["domain"]
    typed = UserForm(visit.typed("name"), visit.typed("email"), visit.typed("extension"), visit.typed("role"))
    made = await visit.services.inventory.users.add(visit.actor, domain, typed)
    if isinstance(made, Refused):
        return await _list(visit, typed=typed, refused=made, open=True)
    return go(domain_page(domain, "users"), "added")


async def let_sign_in(visit: Visit) -> Response:
    """A first password, shown this once. Whoever has it must change it; their older sessions and API tokens end."""
    user = await _other(visit)
    first = await giving.first_password(visit.services, visit.actor, user)
    return await _list(visit, first=first, secret_for=user)


async def end_sign_in(visit: Visit) -> Response:
    """No password: signed out everywhere, and in no more."""
    user = await _other(visit)
    await giving.end_sign_in(visit.services, visit.actor, user)
    return go(domain_page(user.domain or "", "users"), "signed-out")


async def remove_user(visit: Visit) -> Response:
    """Remove one who is nobody's primary user."""
    user = await _other(visit)
    made = await visit.services.inventory.users.remove(visit.actor, user.user_id)
    if isinstance(made, Refused):
        return await _list(visit, failed=made)
    return go(domain_page(user.domain or "", "users"), "user-removed")


async def _other(visit: Visit) -> User:
    """The user whom the address names, in the domain it names; nobody does this to themselves."""
    user = await giving.other_user(visit.services, visit.actor, visit.request.path_params["user"])
    if user.domain != visit.request.path_params["domain"]:
        raise NotThere("user")
    return user


async def _list(visit: Visit, **shown: Any) -> Response:
    inventory, actor, query = visit.services.inventory, visit.actor, visit.request.query_params.get("q", "")
    domain = await inventory.lists.domain(actor, visit.request.path_params["domain"])
    values: dict[str, Any] = {
        "typed": UserForm("", ""),
        "refused": None,
        "failed": None,
        "open": False,
        "first": None,
        "secret_for": None,
        **shown,
    }
    return await show(
        visit,
        "users.html",
        422 if values["refused"] or values["failed"] else 200,
        title=gettext("Users of {name}").format(name=domain.name),
        domain=domain,
        users=await inventory.lists.users(actor, domain.name, query),
        signing_in=await visit.services.people.who_sign_in(domain.reseller, domain.name),
        query=query,
        **values,
    )
