"""Which parts of a mail are faxed. Pure.

Attachments are, in their order. Left out are contact cards, invitations, signatures that programs check, reports, and
the pictures of a letterhead: a picture that the text shows, of at most 100 kB. A larger one is a photo or a scan that
somebody pasted. A picture that is neither attached nor shown is one that a phone put into the text; it is faxed unless
it is so small that it can only count readers.
"""

from typing import Literal

from services.ingest.email_in.words import filename
from services.ingest.smtp.parts import Part

Role = Literal["text", "page", "mail", "file", "left-out"]
"""Text and page (HTML) are the message's body; a mail in the mail is opened."""

LOGO = 100_000
"""Octets of the largest picture that counts as part of a letterhead."""

PIXEL = 2_000
"""Octets of the largest picture that counts readers."""

_LEFT_OUT = {
    "application/ics",
    "application/pgp-keys",
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "message/delivery-status",
    "message/disposition-notification",
    "message/external-body",
    "text/calendar",
    "text/directory",
    "text/rfc822-headers",
    "text/vcard",
    "text/x-amp-html",
    "text/x-vcard",
}
_LEFT_OUT_NAMES = (".vcf", ".ics", ".p7s")
_MAILS = {"message/rfc822", "message/global"}
_BODIES: dict[str, Role] = {"text/plain": "text", "text/html": "page"}


def role(part: Part, size: int, shown: frozenset[str]) -> Role:
    """What a part is to the fax.

    Args:
        part: A part.
        size: Octets of what it holds, decoded.
        shown: Content-IDs of what the body shows.
    """
    name = filename(part.fields).lower()
    if part.kind in _LEFT_OUT or name.endswith(_LEFT_OUT_NAMES):
        return "left-out"
    if part.kind in _MAILS or name.endswith(".eml"):
        return "mail"
    if is_body(part):
        return _BODIES[part.kind]
    if part.kind.startswith("image/") and _is_decoration(part, size, shown):
        return "left-out"
    return "file"


def is_body(part: Part) -> bool:
    """Whether it is text of the message itself."""
    return part.kind in _BODIES and not _is_attached(part) and not filename(part.fields)


def _is_decoration(part: Part, size: int, shown: frozenset[str]) -> bool:
    if part.fields.get("content-id", "").strip(" <>") in shown:
        return size <= LOGO
    if _is_attached(part):
        return False
    related = any(kind == "multipart/related" for kind, _ in part.inside)
    return size <= (LOGO if related else PIXEL)


def _is_attached(part: Part) -> bool:
    return part.fields.get("content-disposition", "").strip().lower().startswith("attachment")
