"""The page “API tokens”: what lets a program do what its maker may do on the pages."""

from typing import Final

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show
from services.portal.web.signing_in.tokens import FAULTS, LONGEST_DAYS, MOST, Fault, MadeToken

DAYS: Final = ("30", "90", "365", "")
"""What can be chosen; empty: until it is revoked."""


async def portal_tokens(visit: Visit) -> Response:
    """The list."""
    return await _page(visit)


async def make_token(visit: Visit) -> Response:
    """Another one, shown this once."""
    name, days = visit.typed("name"), visit.typed("days")
    wanted = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else None if not days else 0  # noqa: PLR2004 - digits
    made = await visit.services.tokens.make(visit.person, name, wanted)
    if isinstance(made, MadeToken):
        return await _page(visit, made=made)
    return await _page(visit, name, days, fault=made)


async def revoke_token(visit: Visit) -> Response:
    """End one."""
    await visit.services.tokens.revoke(visit.person, visit.request.path_params["token"])
    return go("/tokens", "token-revoked")


async def _page(
    visit: Visit, name: str = "", days: str = "365", *, made: MadeToken | None = None, fault: Fault | None = None
) -> Response:
    words = gettext(FAULTS[fault]).format(days=LONGEST_DAYS, most=MOST) if fault else ""
    refused = Refused((Refusal("token", "token-invalid", words),)) if fault else None
    return await show(
        visit,
        "portal_tokens.html",
        title=gettext("API tokens"),
        tokens=await visit.services.tokens.of(visit.person),
        made=made,
        refused=refused,
        typed_name=name,
        days=days,
        choices=DAYS,
    )
