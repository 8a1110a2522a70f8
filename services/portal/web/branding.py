"""The reseller's brand and the list of device types."""

import re
from types import SimpleNamespace
from typing import Any, Final

from starlette.responses import Response

from schemas.accounts import Brand
from services._runtime.display import contrast, text_on
from services.portal.inventory.refusals import Refused
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show

FIELDS: Final = ("name", "colour", "portal_host", "from_address", "support", "logo_url")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_USUAL: Final = "#1f5fa8"


async def brand(visit: Visit) -> Response:
    """The form, and how it looks."""
    person = visit.person
    found = await visit.services.inventory.lists.brand(person.reseller or "")
    return await _page(visit, found or _unset())


async def set_brand(visit: Visit) -> Response:
    """Save it; every account's record follows."""
    typed = {name: visit.typed(name) for name in FIELDS}
    fields: dict[str, Any] = {name: value for name, value in typed.items() if value or name != "logo_url"}
    made = await visit.services.inventory.brands.set(visit.actor, fields)
    return await _page(visit, SimpleNamespace(**typed), made) if isinstance(made, Refused) else go("/brand", "saved")


async def add_device_type(visit: Visit) -> Response:
    """Another type to choose."""
    return await _changed(
        visit, await visit.services.inventory.brands.add_device_type(visit.actor, visit.typed("device_type"))
    )


async def remove_device_type(visit: Visit) -> Response:
    """One less; devices that have it keep it."""
    made = await visit.services.inventory.brands.remove_device_type(visit.actor, visit.typed("device_type"))
    return await _changed(visit, made)


def _unset() -> SimpleNamespace:
    return SimpleNamespace(**{**dict.fromkeys(FIELDS, ""), "colour": _USUAL})


async def _changed(visit: Visit, made: str | Refused) -> Response:
    if not isinstance(made, Refused):
        return go("/brand", "saved")
    found = await visit.services.inventory.lists.brand(visit.person.reseller or "")
    return await _page(visit, found or _unset(), made)


async def _page(visit: Visit, typed: Brand | SimpleNamespace, no: Refused | None = None) -> Response:
    colour = typed.colour if _COLOUR.fullmatch(typed.colour) else _USUAL
    return await show(
        visit,
        "brand.html",
        422 if no else 200,
        title="Brand",
        typed=typed,
        refused=no,
        on_colour=text_on(colour),
        ratio=contrast(colour, text_on(colour)),
        link_ratio=contrast(colour, "#ffffff"),
        device_types=await visit.services.inventory.lists.device_types(),
    )
