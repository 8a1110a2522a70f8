"""Fax accounts: the tab, and the dialog “Add a Fax Number”."""

from typing import Final

from starlette.responses import JSONResponse, Response

from services._runtime.translating import N_, gettext
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.inventory.views import Account
from services.portal.web.account_pages.account_form import CHOICES, IN_DIALOG, account_form, code_page
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import domain_page, go, show

ROWS: Final = 100

NO_BRAND: Final = Refused(
    (
        Refusal(
            "brand", "brand-invalid", N_("Your brand is not set yet. Set it on the page Brand, then add fax numbers.")
        ),
    )
)
"""Every account carries its reseller's brand."""

EMPTY: Final = AddAccount("", "", PrimaryUser(), ("email", "portal"), "email-with-attachment")


async def accounts(visit: Visit) -> Response:
    """The tab “Fax Accounts”."""
    return await _tab(visit, EMPTY, open_="add" in visit.request.query_params)


async def add_account(visit: Visit) -> Response:
    """“Add a Fax Number”."""
    form = account_form(visit)
    if await visit.services.inventory.lists.brand(visit.actor.reseller) is None:
        return await _tab(visit, form, no=NO_BRAND, open_=True)
    made = await visit.services.inventory.accounts.add(visit.actor, form)
    if isinstance(made, Refused):
        return await _tab(visit, form, no=made, open_=True)
    if made.secret:
        return await code_page(visit, made, added=True)
    return go(f"{domain_page(form.domain)}?new={made.account.account_id}")


async def liveness(visit: Visit) -> Response:
    """Which of a domain's accounts are live: what the script asks while some aren't."""
    found = await _shown(visit, visit.request.path_params["domain"])
    return JSONResponse(visit.services.states(found), headers=PRIVATE)


async def _shown(visit: Visit, domain: str) -> tuple[Account, ...]:
    query = visit.request.query_params
    return await visit.services.inventory.lists.accounts(
        visit.actor, domain, query.get("q", ""), after=query.get("after", ""), limit=ROWS + 1
    )


async def _tab(visit: Visit, typed: AddAccount, *, no: Refused | None = None, open_: bool = False) -> Response:
    inventory, actor = visit.services.inventory, visit.actor
    domain = await inventory.lists.domain(actor, visit.request.path_params["domain"])
    found = await _shown(visit, domain.name)
    numbers = await inventory.lists.numbers(actor, domain.name, limit=CHOICES)
    return await show(
        visit,
        "accounts.html",
        title=gettext("Fax Accounts of {name}").format(name=domain.name),
        domain=domain,
        accounts=found[:ROWS],
        more=len(found) > ROWS,
        live=visit.services.states(found[:ROWS]),
        numbers=numbers,
        users=await inventory.lists.users(actor, domain.name, limit=CHOICES),
        device_types=(await inventory.device_types.listed(visit.actor)).all,
        typed=typed,
        refused=no,
        open=open_,
        new=visit.request.query_params.get("new", ""),
        query=visit.request.query_params.get("q", ""),
        in_dialog=IN_DIALOG,
    )
