"""The users of a domain, and which of them can sign in."""

from starlette.responses import Response

from services.portal.api import given, told
from services.portal.api.describing import addresses
from services.portal.api.doors import Caller, Office
from services.portal.api.problems import done
from services.portal.inventory.views import User
from services.portal.web.domain_pages.giving import end_sign_in, first_password, other_user

router = addresses("users")


@router.get("/domains/{domain}/users", operation_id="listUsers")
async def users(caller: Office, domain: str, query: str = "") -> told.Users:
    """A domain's users whose extension or email begins, or whose name contains, `query`; at most 100, by name."""
    found = await caller.inventory.lists.users(caller.actor, domain, query)
    signing_in = await caller.services.people.who_sign_in(caller.actor.reseller, domain)
    return told.Users(users=[_told(one, one.user_id in signing_in) for one in found])


@router.post("/domains/{domain}/users", status_code=201, operation_id="addUser")
async def add_user(caller: Office, domain: str, wanted: given.UserFields) -> told.User:
    """Another user, who can't sign in yet."""
    return _told(done(await caller.inventory.users.add(caller.actor, domain, wanted.form())))


@router.put("/users/{user_id}", operation_id="changeUser")
async def change_user(caller: Office, user_id: str, wanted: given.UserFields) -> told.User:
    """All fields of a user anew; their fax accounts follow."""
    await _other(caller, user_id)
    return _told(done(await caller.inventory.users.change(caller.actor, user_id, wanted.form())))


@router.delete("/users/{user_id}", status_code=204, operation_id="removeUser")
async def remove_user(caller: Office, user_id: str) -> Response:
    """Remove one who is nobody's primary user."""
    await _other(caller, user_id)
    done(await caller.inventory.users.remove(caller.actor, user_id))
    return Response(status_code=204)


@router.post("/users/{user_id}/password", status_code=201, operation_id="letSignIn")
async def let_sign_in(caller: Office, user_id: str) -> told.FirstPassword:
    """A first password, told this once. Whoever has it must change it; their older sessions and tokens end."""
    user = await _other(caller, user_id)
    return told.FirstPassword(password=(await first_password(caller.services, caller.actor, user)).text)


@router.delete("/users/{user_id}/password", status_code=204, operation_id="endSignIn")
async def end(caller: Office, user_id: str) -> Response:
    """No password: signed out everywhere, in no more, and their tokens end."""
    await end_sign_in(caller.services, caller.actor, await _other(caller, user_id))
    return Response(status_code=204)


async def _other(caller: Caller, user_id: str) -> User:
    return await other_user(caller.services, caller.actor, user_id)


def _told(user: User, signs_in: bool = False) -> told.User:
    return told.User.model_validate(user).model_copy(update={"signs_in": signs_in})
