"""Fax accounts: the tab, the dialog “Add a Fax Number”, and the page of one account."""

from typing import Final

from starlette.responses import JSONResponse, Response

from services.portal.inventory.actors import NotThere
from services.portal.inventory.forms import AddAccount, ChangeAccount, PrimaryUser
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.inventory.views import Account, Saved
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import domain_page, go, show

CHOICES: Final = 500
"""Numbers and users offered before anything is typed; script asks for more."""

ROWS: Final = 100

IN_DIALOG: Final = (
    "phone_number",
    "primary_user",
    "name",
    "email",
    "methods",
    "handling",
    "device_type",
    "serial_number",
)
"""The fields of the dialog; other refusals stand on top of it."""

NO_BRAND: Final = Refused(
    (Refusal("brand", "brand-invalid", "Your brand is not set yet. Set it on the page Brand, then add fax numbers."),)
)
"""Every account carries its reseller's brand."""

EMPTY: Final = AddAccount("", "", PrimaryUser(), ("email", "portal"), "email-with-attachment")


async def accounts(visit: Visit) -> Response:
    """The tab “Fax Accounts”."""
    return await _tab(visit, EMPTY, open_="add" in visit.request.query_params)


async def add_account(visit: Visit) -> Response:
    """“Add a Fax Number”."""
    form = _typed(visit)
    if await visit.services.inventory.lists.brand(visit.actor.reseller) is None:
        return await _tab(visit, form, no=NO_BRAND, open_=True)
    made = await visit.services.inventory.accounts.add(visit.actor, form)
    if isinstance(made, Refused):
        return await _tab(visit, form, no=made, open_=True)
    if made.secret:
        return await _code(visit, made, added=True)
    return go(f"{domain_page(form.domain)}?new={made.account.account_id}")


async def liveness(visit: Visit) -> Response:
    """Which of a domain's accounts are live: what the script asks while some aren't."""
    found = await _shown(visit, visit.request.path_params["domain"])
    return JSONResponse(visit.services.states(found), headers=PRIVATE)


async def account(visit: Visit) -> Response:
    """One account: what it is, and what can be done with it."""
    return await _page(visit, await _one(visit))


async def change_account(visit: Visit) -> Response:
    """Other methods, another handling, another device or user."""
    form = _typed(visit)
    one = await _one(visit)
    change = ChangeAccount(
        one.account_id,
        _version(visit),
        form.user if form.user.written or form.user.email or form.user.name else None,
        form.methods,
        form.handling,
        form.device_type,
        form.serial,
    )
    made = await visit.services.inventory.accounts.change(visit.actor, change)
    if isinstance(made, Refused):
        return await _page(visit, one, form, made)
    if made.secret:
        return await _code(visit, made)
    return go(_address(one), "saved")


async def remove_account(visit: Visit) -> Response:
    """The number is free again, after its quarantine."""
    one = await _one(visit)
    made = await visit.services.inventory.accounts.remove(visit.actor, one.account_id, _version(visit))
    if isinstance(made, Refused):
        return await _page(visit, one, no=made)
    return go(domain_page(one.domain), "removed")


async def new_code(visit: Visit) -> Response:
    """Another enrolment code, for an adapter that was reset or replaced."""
    one = await _one(visit)
    made = await visit.services.inventory.secrets.new_code(visit.actor, one.account_id)
    if isinstance(made, Refused):
        return await _page(visit, one, no=made)
    return await _code(visit, made)


def _typed(visit: Visit) -> AddAccount:
    somebody_else = PrimaryUser(name=visit.typed("name"), email=visit.typed("email"))
    known = PrimaryUser(written=visit.typed("primary_user"), name=somebody_else.name, email=somebody_else.email)
    return AddAccount(
        domain=visit.request.path_params["domain"],
        number=visit.typed("phone_number"),
        user=known if visit.typed("primary_user") else somebody_else,
        methods=visit.chosen("methods"),
        handling=visit.typed("handling"),
        device_type=visit.typed("device_type"),
        serial=visit.typed("serial"),
    )


def _version(visit: Visit) -> int:
    typed = visit.typed("version")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0  # noqa: PLR2004 - digits


def _address(one: Account) -> str:
    return f"{domain_page(one.domain)}/{one.account_id}"


async def _one(visit: Visit) -> Account:
    """The account that the address names, in the domain that it names."""
    found = await visit.services.inventory.lists.account(visit.actor, visit.request.path_params["account"])
    if found.domain != visit.request.path_params["domain"]:
        raise NotThere("account")
    return found


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
        422 if no else 200,
        title=f"Fax Accounts of {domain.name}",
        domain=domain,
        accounts=found[:ROWS],
        more=len(found) > ROWS,
        live=visit.services.states(found[:ROWS]),
        numbers=numbers,
        users=await inventory.lists.users(actor, domain.name, limit=CHOICES),
        device_types=await inventory.lists.device_types(),
        typed=typed,
        refused=no,
        open=open_,
        new=visit.request.query_params.get("new", ""),
        query=visit.request.query_params.get("q", ""),
        in_dialog=IN_DIALOG,
    )


async def _page(visit: Visit, one: Account, typed: AddAccount | None = None, no: Refused | None = None) -> Response:
    inventory, actor, device = visit.services.inventory, visit.actor, one.device
    as_it_is = AddAccount(
        one.domain,
        one.number,
        PrimaryUser(),
        one.methods,
        one.handling,
        device.device_type if device else "",
        device.serial if device else "",
    )
    domain = await inventory.lists.domain(actor, one.domain)
    return await show(
        visit,
        "account.html",
        422 if no else 200,
        title=f"Fax number {one.number}",
        domain=domain,
        account=one,
        live=visit.services.live(one),
        users=await inventory.lists.users(actor, one.domain, limit=CHOICES),
        device_types=await inventory.lists.device_types(),
        typed=typed or as_it_is,
        refused=no,
        in_dialog=IN_DIALOG,
    )


async def _code(visit: Visit, made: Saved, *, added: bool = False) -> Response:
    """The enrolment code, this once: it is in no address, no log and no database, and this page isn't kept."""
    domain = await visit.services.inventory.lists.domain(visit.actor, made.account.domain)
    return await show(
        visit,
        "code.html",
        title="Enrolment code",
        domain=domain,
        account=made.account,
        secret=made.secret,
        added=added,
    )
