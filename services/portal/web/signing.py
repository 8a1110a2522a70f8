"""Signing in and out, and changing one's password."""

import logging
import re
from typing import Final

from starlette.responses import Response

from services.portal.web.gate import Visit
from services.portal.web.passwords import fault_of
from services.portal.web.people import Person
from services.portal.web.showing import go, home, show

log = logging.getLogger("nativefax.portal")

WRONG: Final = (
    "This email and this password do not belong together. After several tries, signing in is held back for 15 minutes."
)
"""The answer to every failure, whatever the reason: it tells nobody which emails can sign in."""

WRONG_OLD: Final = "The present password is not right. After several tries, wait 15 minutes."

_ADDRESS: Final = re.compile(r"/(?![/\\])[\w/.@%+~-]*")
"""A page of ours. `//host` and `/\\host` are somebody else's."""


async def front(visit: Visit) -> Response:
    """The start: to one's own first page."""
    return go(home(visit.person))


async def sign_in_page(visit: Visit) -> Response:
    """The form."""
    if visit.session:
        return go(home(visit.person))
    return await _form(visit)


async def sign_in(visit: Visit) -> Response:
    """Begin a session, if the email and the password are somebody's."""
    who = await _recognised(visit, visit.typed("email").casefold(), str(visit.form.get("password", "")))
    if who is None:
        return await _form(visit, WRONG, 401)
    log.info("signed in", extra={"user_id": who.user_id, "role": who.role})
    wanted = visit.typed("next")
    return await _begun(visit, who, wanted if _ADDRESS.fullmatch(wanted) else home(who))


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    cookies = visit.services.cookies
    await visit.services.sessions.end(visit.request.cookies.get(cookies.session, ""))
    answer = go("/sign-in", "out")
    cookies.drop(answer, cookies.session)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def password_page(visit: Visit) -> Response:
    """The form."""
    return await show(visit, "password.html", title="Change password", wrong="")


async def change_password(visit: Visit) -> Response:
    """A new password, for whoever knows the old one; every other session ends."""
    person = visit.person
    new, again = str(visit.form.get("password", "")), str(visit.form.get("again", ""))
    fault = fault_of(new, again)
    if fault is None and not await _knows_old(visit, person):
        fault = WRONG_OLD
    if fault:
        return await show(visit, "password.html", 422, title="Change password", wrong=fault)
    await visit.services.people.set_password(person.user_id, new)
    return await _begun(visit, person, home(person))


async def _knows_old(visit: Visit, person: Person) -> bool:
    who = await _recognised(visit, person.email.casefold(), str(visit.form.get("old", "")))
    return who is not None and who.user_id == person.user_id


async def _recognised(visit: Visit, email: str, password: str) -> Person | None:
    peer = visit.request.client.host if visit.request.client else ""
    if not await visit.services.throttle.admits(email, peer):
        log.warning("sign-in held back", extra={"peer": peer})
        return None
    who = await visit.services.people.recognise(email, password)
    if who is not None:
        await visit.services.throttle.forgive(email)
    return who


async def _begun(visit: Visit, who: Person, address: str) -> Response:
    cookies = visit.services.cookies
    before = visit.request.cookies.get(cookies.session)
    answer = go(address)
    cookies.set(answer, cookies.session, await visit.services.sessions.begin(who.user_id, before))
    cookies.drop(answer, cookies.form)
    return answer


async def _form(visit: Visit, wrong: str = "", status: int = 200) -> Response:
    query = visit.request.query_params
    told = "You are signed out." if query.get("done") == "out" else ""
    wanted = visit.typed("next") or query.get("next", "")
    return await show(
        visit, "sign_in.html", status, title="Sign in", wrong=wrong, told=told, next=wanted, email=visit.typed("email")
    )
