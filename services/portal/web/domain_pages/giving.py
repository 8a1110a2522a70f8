"""Letting a domain's users sign in, and ending that; by a page or the API alike."""

from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory.actors import Actor, NotAllowed, NotThere
from services.portal.inventory.store import Change, Entry
from services.portal.inventory.views import User
from services.portal.web.services import Services
from services.portal.web.signing_in.ending import Ended, Noting
from services.portal.web.signing_in.passwords import made_up


@dataclass(frozen=True)
class FirstPassword:
    """A password that somebody else made, and what ended with the one before."""

    text: str
    ended: Ended

    def __repr__(self) -> str:
        return f"FirstPassword({self.ended!r})"


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


async def first_password(services: Services, actor: Actor, user: User) -> FirstPassword:
    """A first password, to show once. Whoever has it must change it; their older sessions and API tokens end."""
    password = made_up()
    noting = _noting(services, actor, user, "user.sign-in-given")
    ended = await services.people.set_password(user.user_id, password, must_change=True, noting=noting)
    return FirstPassword(password, ended)


async def end_sign_in(services: Services, actor: Actor, user: User) -> None:
    """No password: signed out everywhere, in no more, and their tokens end."""
    noting = _noting(services, actor, user, "user.sign-in-ended")
    await services.people.forget_password(user.user_id, noting=noting)


def _noting(services: Services, actor: Actor, user: User, what: str) -> Noting:
    store = services.inventory.lists.store

    async def noting(connection: AsyncConnection, ended: Ended) -> None:
        told = {f"{name}_ended": count for name, count in asdict(ended).items() if count}
        change = Change(connection, actor, store.now(), store.outbox)
        await change.record(Entry(what, user.email, user.domain, after=told or None))

    return noting
