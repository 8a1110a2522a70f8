"""A page for a visit: with the face of the reseller, the navigation of the role, and the token for its forms."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.responses import HTMLResponse, RedirectResponse, Response

from services._runtime.translating import N_, Language, gettext
from services.portal.web.gate import Visit
from services.portal.web.rendering import TLS_ONLY, Face, render, segment
from services.portal.web.signing_in.people import Person
from services.portal.web.unsent import Unsent
from services.portal.web.zones import zone_of


@dataclass(frozen=True)
class Message:
    """What a page says has happened."""

    words: str
    kind: Literal["good", "bad", "wait"] = "good"


FAXES: Final = "/faxes/received"
"""The first of the lists of faxes."""

DONE: Final[dict[str, Message]] = {
    "added": Message(N_("Added.")),
    "saved": Message(N_("Saved.")),
    "removed": Message(
        N_("Removed. The number is kept back from other customers for a while, and late faxes are not lost.")
    ),
    "user-removed": Message(N_("The user was removed.")),
    "revoked": Message(N_("The token is revoked. Whatever still uses it is refused within seconds.")),
    "locked-out": Message(
        N_("The adapter is locked out within seconds. Make a new enrolment code to let it in again.")
    ),
    "token-revoked": Message(N_("Revoked: programs that use this token are refused from now on.")),
    "submitted": Message(N_("The fax was taken. This page shows how it goes.")),
    "discarded": Message(N_("The draft was thrown away.")),
    "changed-meanwhile": Message(
        N_("The draft was changed meanwhile, so nothing was sent. Look at the pages again."), "wait"
    ),
    "cancelled": Message(N_("Cancelled. It was not called, and will not be.")),
    "cancelling": Message(
        N_("It is being cancelled. A call that has begun is not broken off; this page shows the end."), "wait"
    ),
    "not-cancellable": Message(N_("It can't be cancelled any more: it has ended."), "wait"),
    "not-reached": Message(
        N_("That didn't reach the part that sends faxes. Nothing was changed. Try again in a minute."), "bad"
    ),
    "released": Message(N_("Released. It is delivered within seconds; this page shows how."), "wait"),
    "forwarded": Message(N_("It is being mailed. This page shows when the mail is gone."), "wait"),
    "fax-deleted": Message(N_("It is being deleted. Within a few minutes it is gone for good."), "wait"),
    "replayed": Message(N_("Replayed. Each goes its way again, as its stage gets to it.")),
    "dropped": Message(N_("Dropped. They are off the list.")),
    "none-chosen": Message(N_("None was chosen, or they were dealt with meanwhile."), "wait"),
    "held": Message(N_("On hold. It stays, whatever its age, until the hold is lifted.")),
    "lifted": Message(N_("The hold is lifted.")),
    "signed-out": Message(N_("They can sign in no more, are signed out everywhere, and their API tokens ended.")),
}
"""By the word that a redirect carries: an address never carries a sentence that somebody else could write."""


async def face_of(visit: Visit) -> Face:
    """The reseller's, if somebody is signed in; else the one of the host that was asked."""
    inventory = visit.services.inventory
    if visit.session and (reseller := visit.session.person.reseller):
        return Face.of(await inventory.lists.brand(reseller))
    return Face.of(await inventory.lists.brand_of_host(visit.request.headers.get("host", "")))


def navigation(person: Person) -> tuple[tuple[str, str], ...]:
    """The pages of a role: address and words."""
    if person.role == "operator":
        return (("/operations", gettext("Operations")),)
    if person.role == "reseller":
        own_business = (("/usage", gettext("Usage")), ("/brand", gettext("Brand")), ("/audit", gettext("Audit")))
        return (("/domains", gettext("Domains")), (FAXES, gettext("Faxes")), *own_business)
    own: tuple[tuple[str, str], ...] = (("/numbers", gettext("My fax numbers")),)
    if person.role == "manager":
        domain = person.domain or ""
        own = ((domain_page(domain), gettext("Inventory")), (domain_page(domain, "users"), gettext("Users")))
    return ((FAXES, gettext("Faxes")), ("/send", gettext("Send a fax")), *own)


def section(person: Person | None, path: str) -> str:
    """The page of the navigation under which `path` is."""
    if path.startswith(("/faxes/", "/fax/")):
        return FAXES
    if path.startswith("/send/"):
        return "/send"
    if path.startswith("/operations/"):
        return "/operations"
    below_domains = path.startswith("/domains") and person is not None and person.role == "reseller"
    return "/domains" if below_domains else path


def home(person: Person) -> str:
    """Where somebody begins."""
    return navigation(person)[0][0]


def domain_page(domain: str, page: str = "accounts") -> str:
    """The address of a domain's page."""
    return f"/domains/{segment(domain)}/{page}"


@dataclass(frozen=True)
class Choice:
    """Of languages, in the foot of a page: `chosen` is empty if it is the browser's; `back` is the page."""

    languages: tuple[Language, ...]
    chosen: str
    back: str


def choice_of(visit: Visit) -> Choice | None:
    """The choice of whoever is signed in, if there is one."""
    languages, session = visit.services.languages, visit.session
    if session is None or not languages.several:
        return None
    chosen = languages.find(session.language)
    back = visit.request.url.path if visit.request.method == "GET" else ""
    return Choice(languages.offered, chosen.tag if chosen else "", back)


async def show(visit: Visit, template: str, status: int | None = None, /, **values: Any) -> HTMLResponse:
    """A page. Its status is 422 if it says why something was `refused`, else 200, unless another is given."""
    status = status or (422 if values.get("refused") else 200)
    person = visit.session.person if visit.session else None
    path = visit.request.url.path
    answer = render(
        template,
        await face_of(visit),
        visit.nonce,
        status,
        **{
            "person": person,
            "nav": navigation(person) if person else (),
            "here": section(person, path),
            "form_token": visit.form_token,
            "choice": choice_of(visit),
            "zone": await zone_of(visit),
            "message": DONE.get(visit.request.query_params.get("done", "")),
            **values,
        },
    )
    if visit.services.cookies.secure:
        answer.headers.update(TLS_ONLY)
    return answer


async def show_unsent(visit: Visit, unsent: Unsent, status: int = 200) -> HTMLResponse:
    """A form that was sent while its session had ended, to be sent now by whoever is signed in."""
    return await show(visit, "unsent.html", status, title=gettext("Not done yet"), unsent=unsent)


def go(address: str, done: str = "") -> Response:
    """To another page after a form."""
    return RedirectResponse(f"{address}?done={done}" if done else address, 303)
