"""Letting a domain's users sign in, and ending that; by a page or the API alike."""

from services.portal.inventory.actors import Actor, NotAllowed, NotThere
from services.portal.inventory.store import Change, Entry
from services.portal.inventory.views import User
from services.portal.web.services import Services
from services.portal.web.signing_in.passwords import made_up


async def other_user(services: Services, actor: Actor, user_id: str) -> User:
    """A domain's user, whom `actor` looks after. Nobody does this to themselves.

    Raises:
        NotAllowed: The role may not, or it is the actor.
        NotThere: There is no such user, or it is one of the reseller's own people.
    """
    actor.must("change-users")
    user = await services.inventory.lists.user(actor, user_id)
    if user.domain is None:
        raise NotThere("user")
    if user.user_id == actor.user_id:
        raise NotAllowed("yourself")
    return user


async def first_password(services: Services, actor: Actor, user: User) -> str:
    """A first password, to show once. Whoever has it must change it, and older sessions end."""
    password = made_up()
    await services.people.set_password(user.user_id, password, must_change=True)
    await _recorded(services, actor, user, "user.sign-in-given")
    return password


async def end_sign_in(services: Services, actor: Actor, user: User) -> None:
    """No password: signed out everywhere, in no more, and their tokens end."""
    await services.people.forget_password(user.user_id)
    await _recorded(services, actor, user, "user.sign-in-ended")


async def _recorded(services: Services, actor: Actor, user: User, what: str) -> None:
    entry = Entry(what, user.email, user.domain)

    async def work(change: Change) -> None:
        await change.record(entry)

    await services.inventory.lists.store.change(actor, work)
