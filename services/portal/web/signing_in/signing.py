"""Signing in and out, and changing one's password."""

import logging
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.background import BackgroundTask
from starlette.responses import Response

from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services._runtime.outcomes import DependencyAway
from services._runtime.translating import N_, gettext
from services.portal.web.gate import Visit
from services.portal.web.showing import go, home, show, show_unsent
from services.portal.web.signing_in.addresses import ours
from services.portal.web.signing_in.browsers import REMEMBERED
from services.portal.web.signing_in.ending import Ended
from services.portal.web.signing_in.passwords import fault_of
from services.portal.web.signing_in.people import Person
from services.portal.web.signing_in.recording import Deed, Line, network_of, record
from services.portal.web.signing_in.sessions import form_token
from services.portal.web.signing_in.throttle import Attempt, Standing
from services.portal.web.unsent import read_unsent

log = logging.getLogger("nativefax.portal")

WRONG: Final = N_(
    "This email and this password do not belong together. After several tries, signing in is held back for 15 minutes."
)
"""The answer to every failure, whatever the reason: it tells nobody which emails can sign in."""

WRONG_OLD: Final = N_("The present password is not right. After several tries, wait 15 minutes.")

SOMEBODY: Final = "Somebody"
"""Who fails to sign in: it needn't be the one whose email it is."""


async def front(visit: Visit) -> Response:
    """The start: to one's own first page."""
    return go(home(visit.person))


async def sign_in_page(visit: Visit) -> Response:
    """The form."""
    if visit.session:
        return go(home(visit.person))
    return await _form(visit)


async def sign_in_again(visit: Visit) -> Response:
    """The form, with what was typed when the session had ended."""
    return await _form(visit, status=401)


async def sign_in(visit: Visit) -> Response:
    """Begin a session, if the email and the password are somebody's."""
    email = visit.typed("email").casefold()
    browser = visit.services.browsers.id_of(visit.request.cookies.get(visit.services.cookies.browser), email)
    attempt = Attempt.by_browser(browser) if browser else Attempt.at_email(email, _peer(visit))
    standing, who = await _judged(visit, email, str(visit.form.get("password", "")), attempt)
    if who is None:
        answer = await _form(visit, WRONG, 401)
        answer.background = BackgroundTask(_failed, visit, email, standing)  # unseen: it says which emails there are
        return answer
    await _noted(visit, who, "signed-in")
    return await _begun(visit, who, _wanted(visit, who))


def _wanted(visit: Visit, who: Person) -> str:
    """The page that they came for, if it is one of ours."""
    return ours(visit.typed("next")) or home(who)


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    cookies = visit.services.cookies
    await visit.services.sessions.end(visit.request.cookies.get(cookies.session, ""))
    await _noted(visit, visit.person, "signed-out")
    answer = go("/sign-in", "out")
    cookies.drop(answer, cookies.session)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def password_page(visit: Visit) -> Response:
    """The form."""
    return await _password_form(visit)


async def change_password(visit: Visit) -> Response:
    """A new password, for whoever knows the old one; every other session ends."""
    person = visit.person
    new, again = str(visit.form.get("password", "")), str(visit.form.get("again", ""))
    fault = fault_of(new, again)
    if fault is None and not await _knows_old(visit, person):
        fault = WRONG_OLD
        await _noted(visit, person, "password-change-failed")
    if fault:
        return await _password_form(visit, fault, 422)

    async def noting(connection: AsyncConnection, _: Ended) -> None:
        await record(connection, person, utc_now(), _line(visit, "password-changed"))

    await visit.services.people.set_password(person.user_id, new, noting=noting)
    return await _begun(visit, person, _wanted(visit, person))


async def _knows_old(visit: Visit, person: Person) -> bool:
    attempt = Attempt.by_browser(f"signed in as {person.user_id}")
    _, who = await _judged(visit, person.email.casefold(), str(visit.form.get("old", "")), attempt)
    return who is not None and who.user_id == person.user_id


async def _judged(visit: Visit, email: str, password: str, attempt: Attempt) -> tuple[Standing, Person | None]:
    standing = await visit.services.throttle.admits(attempt)
    who = await visit.services.people.recognise(email, password) if standing == "open" else None
    if who is not None:
        await visit.services.throttle.forgive(attempt)
    return standing, who


async def _failed(visit: Visit, email: str, standing: Standing) -> None:
    """Into the log, and the audit log of whoever has the email; while signing in is held back, only once."""
    log.warning("sign-in failed", extra={"network": network_of(_peer(visit)), "standing": standing})
    if standing == "closed":
        return
    what: Deed = "sign-in-failed" if standing == "open" else "sign-in-held-back"
    try:
        for owner in await visit.services.people.known_by(email):
            await _noted(visit, owner, what, by=SOMEBODY)
    except DependencyAway:  # whoever asked has their answer
        log.warning("sign-in failed, and is not in the audit log", extra={"reason": "database"})


async def _noted(visit: Visit, who: Person, what: Deed, by: str = "") -> None:
    """Into the audit log, with the network, never the address."""
    async with transaction(visit.services.engine) as connection:
        await record(connection, who, utc_now(), _line(visit, what, by))


def _line(visit: Visit, what: Deed, by: str = "") -> Line:
    network = network_of(_peer(visit))
    return Line(what, by=by, after={"network": network} if network else None)


def _peer(visit: Visit) -> str:
    return visit.request.client.host if visit.request.client else ""


async def _password_form(visit: Visit, wrong: str = "", status: int = 200) -> Response:
    wanted = visit.typed("next") or visit.request.query_params.get("next", "")
    return await show(visit, "password.html", status, title=gettext("Change password"), wrong=wrong, next=wanted)


async def _begun(visit: Visit, who: Person, address: str) -> Response:
    cookies, browsers, sessions = visit.services.cookies, visit.services.browsers, visit.services.sessions
    given, unsent = visit.request.cookies, read_unsent(visit.typed("unsent"))
    cookie = await sessions.begin(who.user_id, given.get(cookies.session))
    now = replace(visit, session=await sessions.find(cookie), form_token=form_token(cookie))
    answer = await show_unsent(now, unsent) if unsent else go(address)
    cookies.set(answer, cookies.session, cookie)
    known = browsers.remember(given.get(cookies.browser), who.email.casefold())
    cookies.set(answer, cookies.browser, known, REMEMBERED)
    cookies.drop(answer, cookies.form)
    return answer


async def _form(visit: Visit, wrong: str = "", status: int = 200) -> Response:
    query = visit.request.query_params
    told = gettext("You are signed out.") if query.get("done") == "out" else ""
    wanted = visit.typed("next") or query.get("next", "")
    unsent = visit.unsent or read_unsent(visit.typed("unsent"))
    return await show(
        visit,
        "sign_in.html",
        status,
        title=gettext("Sign in"),
        wrong=wrong,
        told=told,
        next=wanted,
        unsent=unsent,
        email=visit.typed("email"),
    )
