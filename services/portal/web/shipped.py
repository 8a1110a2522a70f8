"""Our own style sheet and script: the address has the content's hash, so a browser may keep them for good."""

from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

KINDS: Final = {
    "portal.css": "text/css",
    "faxes.css": "text/css",
    "sending.css": "text/css",
    "portal.js": "text/javascript",
    "live.js": "text/javascript",
    "sending.js": "text/javascript",
    "viewer.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "page.svg": "image/svg+xml",
}
_HASH_LENGTH: Final = 16


@cache
def content(name: str) -> bytes:
    """A file's bytes."""
    return resources.files("services.portal.web").joinpath("static", name).read_bytes()


@cache
def asset(name: str) -> str:
    """The address of a file."""
    return f"/static/{sha256(content(name)).hexdigest()[:_HASH_LENGTH]}/{name}"


def shipped(hashed: str, name: str) -> Response:
    """The file; an address with another hash is of another release, and isn't kept."""
    if name not in KINDS:
        raise HTTPException(404)
    same = asset(name) == f"/static/{hashed}/{name}"
    kept = "public, max-age=31536000, immutable" if same else "no-store"
    return Response(
        content(name),
        media_type=KINDS[name],
        headers={
            "Cache-Control": kept,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
