"""HTML of the portal, the face it wears, and the headers that keep it private."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from schemas.accounts import Brand
from services._runtime.display import contrast, party, text_on
from services._runtime.templates import translate
from services.portal.inventory.treatments import WORDS
from services.portal.logos.logos import digest_of, path_of
from services.portal.web.shipped import asset
from services.portal.web.signing_in.people import ROLE_NAMES
from services.portal.web.zones import install as tell_moments

PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers don't say which page a form comes from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every page."""

TLS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""Where cookies are Secure: a browser that was here once comes by TLS only (RFC 6797)."""

ENOUGH: Final = 4.5
"""Contrast of text (WCAG 2.2, 1.4.3)."""

LIGHT_PAGE, DARK_PAGE = "#f6f7f9", "#15181c"
"""The backgrounds on which links in the accent are read; the same as in portal.css."""


@dataclass(frozen=True)
class Face:
    """How a page looks: the reseller's brand, or a plain one where none is known."""

    name: str = ""
    colour: str = "#3a4652"
    support: str = ""
    logo: str = ""

    @classmethod
    def of(cls, brand: Brand | None) -> "Face":
        """The face of a brand. Pages show a logo of ours only; one that is elsewhere is shown by mails."""
        digest = digest_of(brand)
        return cls(brand.name, brand.colour, brand.support, path_of(digest) if digest else "") if brand else cls()

    @property
    def on_colour(self) -> str:
        """Text on the colour."""
        return text_on(self.colour)

    @property
    def accent(self) -> str:
        """The colour, darkened until it reads as text on a light page."""
        return readable(self.colour, LIGHT_PAGE)

    @property
    def dark_accent(self) -> str:
        """The colour, lightened until it reads as text on a dark page."""
        return readable(self.colour, DARK_PAGE)


def readable(colour: str, page: str) -> str:
    """`colour`, moved towards black or white in small steps until it has enough contrast on `page`."""
    towards = 0 if text_on(page) == "#000000" else 255
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(21):
        mixed = "#" + "".join(f"{round(one + (towards - one) * step / 20):02x}" for one in channels)
        if contrast(mixed, page) >= ENOUGH + 0.3:  # some to spare: cards are a little lighter than the page
            return mixed
    return text_on(page)


def policy(nonce: str) -> str:
    """Only what is ours, and only scripts and styles that carry this page's nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def segment(text: str) -> str:
    """`text` as one segment of an address."""
    return quote(text, safe="@")


_ENVIRONMENT: Final = Environment(
    autoescape=True,
    loader=PackageLoader("services.portal.web"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(party=party, segment=segment)
_ENVIRONMENT.globals.update(asset=asset, role_names=ROLE_NAMES, treatment_words=WORDS)
translate(_ENVIRONMENT)
tell_moments(_ENVIRONMENT)


def render(template: str, face: Face, nonce: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page."""
    html = _ENVIRONMENT.get_template(template).render(face=face, nonce=nonce, **values)
    return HTMLResponse(html, status, {**PRIVATE, "Content-Security-Policy": policy(nonce)})
