"""The optional settings of a fax account, on its page."""

from starlette.responses import Response

from services.portal.inventory.forms import ChangeAccount
from services.portal.inventory.refusals import Refused
from services.portal.web.account_pages.account import account_page, address_of, asked_for, version_of
from services.portal.web.account_pages.typed_settings import changes, typed_settings
from services.portal.web.gate import Visit
from services.portal.web.showing import go


async def change_settings(visit: Visit) -> Response:
    """Save them all, or say beside each field what is wrong with it."""
    one, typed = await asked_for(visit), typed_settings(visit)
    wanted = changes(typed, premium=visit.person.role == "reseller")
    form = ChangeAccount(one.account_id, version_of(visit), settings=wanted)
    made = await visit.services.inventory.accounts.change(visit.actor, form)
    if isinstance(made, Refused):
        return await account_page(visit, one, made, settings=typed, open_settings=True)
    return go(address_of(one), "saved")
