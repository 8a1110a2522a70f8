"""HTML of the link pages, and the headers that keep them private."""

import secrets
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from services._runtime.display import count, day, party, text_on, when
from services._runtime.links import Link, Shown
from services._runtime.templates import translate
from services._runtime.translating import gettext

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: the address is the key to the fax, so it goes no further than this browser."""

INERT = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
"""On pictures, and on documents to keep: whatever is in one, it runs nothing."""

READABLE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
    )
}
"""On documents to show. Without ``sandbox``: with it Safari's viewer shows an empty window
(adobe/aem-core-wcm-components, issue 2839). The document is our converter's, its type is fixed and never guessed."""

_ENVIRONMENT = Environment(
    autoescape=True,
    loader=PackageLoader("services.portal"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


translate(_ENVIRONMENT)


def fax_page(link: Link, base: str, *, pictured: bool, portal: str = "") -> tuple[str, dict[str, str]]:
    """The page of one fax.

    `base` is its address, `pictured` whether there is a picture of its first page, and `portal` the address of the page
    that people have of it who can sign in; empty: there is none.
    """
    shown = link.shown
    received = shown.direction == "received"
    facts = (
        (gettext("From") if received else gettext("To"), party(shown.other_party)),
        (gettext("Received") if received else gettext("Submitted"), when(link.accepted_at, shown.time_zone)),
        (gettext("Pages"), str(shown.pages) if shown.pages else ""),
    )
    return _render(
        "fax.html",
        shown,
        title=(gettext("Fax from {party}") if received else gettext("Fax to {party}")).format(
            party=party(shown.other_party)
        ),
        pages=count(shown.pages) if shown.pages else "",
        facts=[(label, value) for label, value in facts if value],
        base=base,
        pictured=pictured,
        portal=portal,
        until=day(link.expires_at, shown.time_zone),
    )


def notice_page(title: str, lines: tuple[str, ...], shown: Shown | None = None) -> tuple[str, dict[str, str]]:
    """A page that says why there is no fax to see."""
    return _render("notice.html", shown or Shown(), title=title, lines=lines)


def _render(template: str, shown: Shown, **values: Any) -> tuple[str, dict[str, str]]:
    nonce = secrets.token_urlsafe(12)
    html = _ENVIRONMENT.get_template(template).render(
        nonce=nonce, brand=shown.brand, colour=shown.colour, on_colour=text_on(shown.colour), **values
    )
    return html, {**PRIVATE, "Content-Security-Policy": _policy(nonce)}


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
