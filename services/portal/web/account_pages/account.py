"""The page of one fax account: what it is, and what can be done with it."""

from typing import Any

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.actors import NotThere
from services.portal.inventory.forms import AddAccount, ChangeAccount, PrimaryUser
from services.portal.inventory.refusals import Refused
from services.portal.inventory.views import Account
from services.portal.web.account_pages.account_form import CHOICES, IN_DIALOG, account_form, code_page
from services.portal.web.account_pages.typed_settings import FIELDS, as_typed, zones
from services.portal.web.gate import Visit
from services.portal.web.showing import domain_page, go, show


async def account(visit: Visit) -> Response:
    """As it is."""
    return await account_page(visit, await asked_for(visit))


async def change_account(visit: Visit) -> Response:
    """Other methods, another handling, another device or user."""
    form = account_form(visit)
    one = await asked_for(visit)
    change = ChangeAccount(
        one.account_id,
        version_of(visit),
        form.user if form.user.written or form.user.email or form.user.name else None,
        form.methods,
        form.handling,
        form.device_type,
        form.serial,
    )
    made = await visit.services.inventory.accounts.change(visit.actor, change)
    if isinstance(made, Refused):
        return await account_page(visit, one, made, typed=form)
    if made.secret:
        return await code_page(visit, made)
    return go(address_of(one), "saved")


async def remove_account(visit: Visit) -> Response:
    """The number is free again, after its quarantine."""
    one = await asked_for(visit)
    made = await visit.services.inventory.accounts.remove(visit.actor, one.account_id, version_of(visit))
    if isinstance(made, Refused):
        return await account_page(visit, one, made)
    return go(domain_page(one.domain), "removed")


async def new_code(visit: Visit) -> Response:
    """Another enrolment code, for an adapter that was reset or replaced."""
    one = await asked_for(visit)
    made = await visit.services.inventory.secrets.new_code(visit.actor, one.account_id)
    if isinstance(made, Refused):
        return await account_page(visit, one, made)
    return await code_page(visit, made)


async def lock_out(visit: Visit) -> Response:
    """End the adapter's secret: it was lost or stolen. It works again with a new code only."""
    one = await asked_for(visit)
    made = await visit.services.inventory.secrets.lock_out(visit.actor, one.account_id)
    if isinstance(made, Refused):
        return await account_page(visit, one, made)
    return go(address_of(one), "locked-out")


def version_of(visit: Visit) -> int:
    """The version at which the account was read; 0, which none has, if the form doesn't say."""
    typed = visit.typed("version")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0  # noqa: PLR2004 - digits


def address_of(one: Account) -> str:
    """Of an account's page."""
    return f"{domain_page(one.domain)}/{one.account_id}"


async def asked_for(visit: Visit) -> Account:
    """The account that the address names, in the domain that it names.

    Raises:
        NotThere: There is none, or it is somebody else's.
    """
    found = await visit.services.inventory.lists.account(visit.actor, visit.request.path_params["account"])
    if found.domain != visit.request.path_params["domain"]:
        raise NotThere("account")
    return found


async def account_page(visit: Visit, one: Account, no: Refused | None = None, **typed: Any) -> Response:
    """The page, with what was typed and why it was refused."""
    inventory, actor = visit.services.inventory, visit.actor
    values: dict[str, Any] = {
        "typed": _as_it_is(one),
        "settings": as_typed(one.settings),
        "token": {"name": "", "days": "365", "scopes": ("faxes:read", "faxes:send")},
        "open_settings": False,
        **typed,
    }
    return await show(
        visit,
        "account.html",
        title=gettext("Fax number {number}").format(number=one.number),
        domain=await inventory.lists.domain(actor, one.domain),
        account=one,
        live=visit.services.live(one),
        users=await inventory.lists.users(actor, one.domain, limit=CHOICES),
        device_types=(await inventory.device_types.listed(visit.actor)).all,
        zones=zones(one.settings.time_zone),
        now=inventory.now(),
        refused=no,
        in_dialog=(*IN_DIALOG, *FIELDS, "token"),
        **values,
    )


def _as_it_is(one: Account) -> AddAccount:
    device = one.device
    return AddAccount(
        one.domain,
        one.number,
        PrimaryUser(),
        one.methods,
        one.handling,
        device.device_type if device else "",
        device.serial if device else "",
    )
