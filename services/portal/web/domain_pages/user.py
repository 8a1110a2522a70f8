"""The page of one user: who they are, and the fax numbers that follow when that changes."""

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.actors import NotThere
from services.portal.inventory.forms import UserForm
from services.portal.inventory.refusals import Refused
from services.portal.inventory.views import User
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show


async def user(visit: Visit) -> Response:
    """As they are."""
    one = await _asked_for(visit)
    return await _page(visit, one, UserForm(one.name, one.email, one.extension or "", one.role))


async def change_user(visit: Visit) -> Response:
    """Another name, email, extension or role. Nobody changes their own role: they could lock themselves out."""
    one = await _asked_for(visit)
    role = one.role if one.user_id == visit.person.user_id else visit.typed("role")
    typed = UserForm(visit.typed("name"), visit.typed("email"), visit.typed("extension"), role)
    made = await visit.services.inventory.users.change(visit.actor, one.user_id, typed)
    if isinstance(made, Refused):
        return await _page(visit, one, typed, made)
    return go(domain_page(one.domain or "", "users"), "saved")


async def _asked_for(visit: Visit) -> User:
    """The user whom the address names, in the domain that it names."""
    found = await visit.services.inventory.lists.user(visit.actor, visit.request.path_params["user"])
    if found.domain is None or found.domain != visit.request.path_params["domain"]:
        raise NotThere("user")
    return found


async def _page(visit: Visit, one: User, typed: UserForm, no: Refused | None = None) -> Response:
    lists = visit.services.inventory.lists
    domain = await lists.domain(visit.actor, one.domain or "")
    signing_in = await visit.services.people.who_sign_in(domain.reseller, domain.name)
    return await show(
        visit,
        "user.html",
        title=gettext("User {name}").format(name=one.name),
        domain=domain,
        user=one,
        accounts=await lists.accounts_of(visit.actor, one.user_id),
        can_sign_in=one.user_id in signing_in,
        typed=typed,
        refused=no,
    )
