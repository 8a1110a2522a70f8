"""Which parts of a mail are faxed. Pure.

Attachments are, in their order. Left out are contact cards, invitations, signatures that programs check, reports, and
the pictures of a letterhead: a picture that the text shows, of at most 100 kB and 1,000 pixels high. A larger one is a
photo or a scan that somebody pasted. A picture that is neither attached nor shown is one that a phone put into the
text; it is faxed unless it is so small that it can only count readers.
"""

import io
from typing import Literal

from PIL import Image

from services.ingest.documents.kinds import kind_of
from services.ingest.email_in.words import filename
from services.ingest.smtp.parts import Part

Role = Literal["text", "page", "mail", "file", "left-out"]
"""Text and page (HTML) are the message's body; a mail in the mail is opened."""

LOGO = 100_000
"""Octets of the largest picture that counts as part of a letterhead."""

LOGO_ROWS = 1_000
"""Pixels down of the tallest; a scanned page has more, even if it takes few octets."""

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


def role(part: Part, data: bytes, shown: frozenset[str]) -> Role:
    """What a part is to the fax.

    Args:
        part: A part.
        data: What it holds, decoded.
        shown: Content-IDs of what the body shows.
    """
    name = filename(part.fields).lower()
    if part.kind in _LEFT_OUT or name.endswith(_LEFT_OUT_NAMES):
        return "left-out"
    if part.kind in _MAILS or name.endswith(".eml"):
        return "mail"
    if is_body(part):
        return _BODIES[part.kind]
    if _is_other_form(part) or (part.kind.startswith("image/") and _is_decoration(part, data, shown)):
        return "left-out"
    return "file"


def is_body(part: Part) -> bool:
    """Whether it is text of the message itself."""
    return part.kind in _BODIES and not _is_attached(part) and not filename(part.fields)


def alternatives(part: Part) -> frozenset[int]:
    """The numbers of the multiparts around it of which a reader sees one part only."""
    return frozenset(number for kind, number in part.inside if kind == "multipart/alternative")


def _is_other_form(part: Part) -> bool:
    """Whether it is the message's text once more, for programs of another kind: a watch's, or one before HTML."""
    among = part.inside[-1:] and part.inside[-1][0] == "multipart/alternative"
    return bool(among) and part.kind.startswith("text/") and not _is_attached(part) and not filename(part.fields)


def _is_decoration(part: Part, data: bytes, shown: frozenset[str]) -> bool:
    if part.fields.get("content-id", "").strip(" <>") in shown:
        return len(data) <= LOGO and not _is_page(data)
    if _is_attached(part):
        return False
    related = any(kind == "multipart/related" for kind, _ in part.inside)
    return len(data) <= (LOGO if related else PIXEL) and not _is_page(data)


def _is_page(data: bytes) -> bool:
    """Whether a file that is called a picture is a document, or as tall as a page; only its header is read."""
    if kind_of(data, "") in {"pdf", "tiff"}:
        return True
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF")) as image:
            return image.height > LOGO_ROWS
    except Exception:  # noqa: BLE001 - Pillow raises almost anything over what is no picture
        return False


def _is_attached(part: Part) -> bool:
    return part.fields.get("content-disposition", "").strip().lower().startswith("attachment")
