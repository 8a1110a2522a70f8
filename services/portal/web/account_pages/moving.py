"""Many numbers at once: into another domain, or to another primary user. Tried out here, done by a job (jobs.py)."""

from typing import Any, Final

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.forms import MoveForm, PrimaryUser, ReassignForm
from services.portal.inventory.kinds import MOVE, REASSIGN
from services.portal.inventory.refusals import Refused
from services.portal.web.account_pages.account_form import CHOICES
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show

OFFERED: Final = 200
"""Numbers to choose from on the page; others are typed."""

FIELDS: Final = ("phone_number", "domain", "primary_user", "name", "email")


async def move_page(visit: Visit) -> Response:
    """Which numbers, and where to."""
    return await _page(visit, "move.html")


async def move(visit: Visit) -> Response:
    """What would become of each."""
    domain = visit.request.path_params["domain"]
    form = MoveForm(_numbers(visit), visit.typed("target"), visit.typed("goes_on") != "no", _user(visit))
    tried = await visit.services.inventory.moves.try_move(visit.actor, domain, form)
    if isinstance(tried, Refused):
        return await _page(visit, "move.html", tried)
    job_id = await visit.services.inventory.jobs.ask(visit.actor, "move", domain, MOVE.dump_json(form), tried)
    return go(domain_page(domain, f"jobs/{job_id}"))


async def reassign_page(visit: Visit) -> Response:
    """Which fax numbers, and to whom."""
    return await _page(visit, "reassign.html")


async def reassign(visit: Visit) -> Response:
    """Whose each would be."""
    domain = visit.request.path_params["domain"]
    form = ReassignForm(_numbers(visit), _user(visit))
    tried = await visit.services.inventory.moves.try_reassign(visit.actor, domain, form)
    if isinstance(tried, Refused):
        return await _page(visit, "reassign.html", tried)
    job_id = await visit.services.inventory.jobs.ask(visit.actor, "reassign", domain, REASSIGN.dump_json(form), tried)
    return go(domain_page(domain, f"jobs/{job_id}"))


def _numbers(visit: Visit) -> tuple[str, ...]:
    """Those that were ticked, and those that were typed."""
    typed = visit.typed("numbers").replace(",", "\n").replace(";", "\n").split("\n")
    return (*visit.chosen("number"), *(one.strip() for one in typed if one.strip()))


def _user(visit: Visit) -> PrimaryUser:
    somebody_else = PrimaryUser(name=visit.typed("name"), email=visit.typed("email"))
    return PrimaryUser(written=visit.typed("primary_user")) if visit.typed("primary_user") else somebody_else


async def _page(visit: Visit, template: str, no: Refused | None = None) -> Response:
    lists, actor = visit.services.inventory.lists, visit.actor
    domain = await lists.domain(actor, visit.request.path_params["domain"])
    accounts = await lists.accounts(actor, domain.name, limit=OFFERED)
    numbers = await lists.numbers(actor, domain.name, limit=OFFERED)
    values: dict[str, Any] = {
        "typed": {
            name: visit.typed(name) for name in ("numbers", "target", "goes_on", "primary_user", "name", "email")
        },
        "chosen": visit.chosen("number"),
        "users_of": {one.number: one.user.name for one in accounts if one.user},
        "numbers": [one for one in numbers.numbers if one.treatment in {"available", "fax"}],
        "accounts": accounts,
        "targets": [one for one in await lists.domains(actor) if one.name != domain.name],
        "users": await lists.users(actor, domain.name, limit=CHOICES),
    }
    title = gettext("Move numbers") if template == "move.html" else gettext("Change the primary user")
    return await show(visit, template, title=title, domain=domain, refused=no, in_form=FIELDS, **values)
