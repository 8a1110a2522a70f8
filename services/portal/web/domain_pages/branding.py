"""The reseller's brand and the list of device types."""

import re
from types import SimpleNamespace
from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from schemas.accounts import Brand
from services._runtime.display import contrast, text_on
from services._runtime.translating import N_, gettext
from services.portal.inventory.actors import NotThere
from services.portal.inventory.device_types import SHIPPED
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.logos.logos import MOST_BYTES, address_of, digest_of, path_of
from services.portal.logos.redrawing import NoLogo
from services.portal.web.gate import Visit
from services.portal.web.showing import go, show

FIELDS: Final = ("name", "colour", "portal_host", "from_address", "support")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_USUAL: Final = "#1f5fa8"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

NO_LOGO: Final = Refused(
    (Refusal("logo", "brand-invalid", N_("Choose a PNG or JPEG of at most 200 KB and 16 million pixels.")),)
)

PICTURE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # web mail shows it
}
"""Of a logo."""


async def brand(visit: Visit) -> Response:
    """The form, and how it looks."""
    person = visit.person
    found = await visit.services.inventory.lists.brand(person.reseller or "")
    return await _page(visit, found or _unset())


async def set_brand(visit: Visit) -> Response:
    """Save it; every account's record follows."""
    typed = {name: visit.typed(name) for name in FIELDS}
    before = await visit.services.inventory.lists.brand(visit.person.reseller or "")
    shown = SimpleNamespace(**typed, language=visit.typed("language"), logo_url=before.logo_url if before else None)
    try:
        logo = await _logo(visit, before, typed["portal_host"])
    except NoLogo:
        return await _page(visit, shown, NO_LOGO, logo=digest_of(before))
    tag = visit.typed("language") or None
    made = await visit.services.inventory.brands.set(visit.actor, {**typed, "language": tag, "logo_url": logo})
    return await _page(visit, shown, made, digest_of(before)) if isinstance(made, Refused) else go("/brand", "saved")


async def logo(visit: Visit) -> Response:
    """A logo, for anybody: mails show it too. Its address has its digest, so it may be kept for good."""
    visit.new_cookie = None  # a picture in a mail sets no cookie
    name = visit.request.path_params["digest"]
    found = await visit.services.logos.get(name) if visit.services.logos and _DIGEST.fullmatch(name) else None
    if found is None:
        raise NotThere("logo")
    return Response(found, media_type="image/png", headers=PICTURE)


async def _logo(visit: Visit, before: Brand | None, host: str) -> str | None:
    """The address of the logo: a new one, none, or the one it was, at the host as it will be.

    Raises:
        NoLogo: The file is none.
    """
    file, digest = visit.form.get("logo"), digest_of(before)
    if visit.typed("no_logo"):
        return None
    if isinstance(file, UploadFile) and file.filename:
        if visit.services.logos is None:
            raise NoLogo("there is nowhere to keep it")
        digest = await visit.services.logos.take(await file.read(MOST_BYTES + 1))
    if digest is None:
        return before.logo_url if before else None
    return address_of(host, digest)


async def add_device_type(visit: Visit) -> Response:
    """Another type to choose."""
    return await _changed(
        visit, await visit.services.inventory.device_types.add(visit.actor, visit.typed("device_type"))
    )


async def remove_device_type(visit: Visit) -> Response:
    """One less; devices that have it keep it."""
    made = await visit.services.inventory.device_types.remove(visit.actor, visit.typed("device_type"))
    return await _changed(visit, made)


def _unset() -> SimpleNamespace:
    return SimpleNamespace(**{**dict.fromkeys(FIELDS, ""), "colour": _USUAL, "language": None, "logo_url": None})


async def _changed(visit: Visit, made: str | Refused) -> Response:
    if not isinstance(made, Refused):
        return go("/brand", "saved")
    found = await visit.services.inventory.lists.brand(visit.person.reseller or "")
    return await _page(visit, found or _unset(), made)


async def _page(
    visit: Visit, typed: Brand | SimpleNamespace, no: Refused | None = None, logo: str | None = None
) -> Response:
    logo = digest_of(typed) if isinstance(typed, Brand) else logo
    colour = typed.colour if _COLOUR.fullmatch(typed.colour) else _USUAL
    return await show(
        visit,
        "brand.html",
        title=gettext("Brand"),
        typed=typed,
        refused=no,
        logo=path_of(logo) if logo else "",
        on_colour=text_on(colour),
        ratio=contrast(colour, text_on(colour)),
        link_ratio=contrast(colour, "#ffffff"),
        languages=visit.services.languages,
        device_types=await visit.services.inventory.device_types.listed(visit.actor),
        shipped=SHIPPED,
    )
