"""Tokens of the HTTP API, on the page of the fax account for which they send and read faxes."""

from typing import Final

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.refusals import Refused, refused
from services.portal.web.account_pages.account import account_page, address_of, asked_for
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show

DAYS: Final = ("30", "90", "365")
"""How long a token may work; then another one is made, or this one again under its name."""


async def make_token(visit: Visit) -> Response:
    """Another token, shown this once: it is in no address, no log and no database."""
    one = await asked_for(visit)
    name, scopes, days = visit.typed("token"), visit.chosen("scopes"), visit.typed("days")
    secrets = visit.services.inventory.secrets
    made = (
        await secrets.new_token(visit.actor, one.account_id, name, scopes, int(days))
        if days in DAYS
        else refused("token-invalid")
    )
    if isinstance(made, Refused):
        return await account_page(visit, one, made, token={"name": name, "days": days, "scopes": scopes})
    domain = await visit.services.inventory.lists.domain(visit.actor, one.domain)
    return await show(
        visit, "token.html", title=gettext("Token"), domain=domain, account=made.account, secret=made.secret, name=name
    )


async def revoke_token(visit: Visit) -> Response:
    """End one; whatever still uses it is refused within seconds."""
    one = await asked_for(visit)
    made = await visit.services.inventory.secrets.revoke_token(visit.actor, one.account_id, visit.typed("token"))
    if isinstance(made, Refused):
        return await account_page(visit, one, made)
    return go(address_of(one), "revoked")
