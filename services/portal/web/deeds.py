"""The audit log's deeds in words: “Read the fax”, “Added the fax account”."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "account.added": "added the fax account",
    "account.changed": "changed the fax account",
    "account.removed": "removed the fax account",
    "api-token.made": "made an API token",
    "api-token.revoked": "revoked an API token",
    "brand.changed": "changed the brand",
    "device.code": "made an enrolment code",
    "device.locked-out": "locked the adapter out",
    "device-type.added": "added a device type",
    "device-type.removed": "removed a device type",
    "domain.added": "added the domain",
    "domain.maximum": "changed the maximum of fax numbers",
    "fax.cancelled": "cancelled the fax",
    "fax.deleted": "deleted the fax",
    "fax.downloaded": "downloaded the fax",
    "fax.link-downloaded": "downloaded the fax by a link in a mail",
    "fax.link-opened": "opened a link in a mail",
    "fax.link-pictured": "looked at the first page by a link in a mail",
    "fax.link-read": "read the fax by a link in a mail",
    "fax.released": "released the fax",
    "fax.submitted": "sent the fax",
    "fax.viewed": "looked at the fax",
    "hold.lifted": "lifted a hold",
    "hold.set": "set a hold",
    "number.added": "added the phone number",
    "number.moved": "moved the phone number",
    "number.treatment": "changed the treatment of the number",
    "operator.added": "added an operator",
    "operator.removed": "removed an operator",
    "password-change-failed": "failed to change the password",
    "password-changed": "changed the password",
    "reseller.added": "let the reseller sign in",
    "sign-in-failed": "failed to sign in",
    "sign-in-held-back": "was held back from signing in",
    "signed-in": "signed in",
    "signed-out": "signed out",
    "token.made": "made a token of the fax account",
    "token.revoked": "revoked a token of the fax account",
    "user.added": "added the user",
    "user.changed": "changed the user",
    "user.removed": "removed the user",
    "user.sign-in-ended": "ended the user's sign-in",
    "user.sign-in-given": "let the user sign in",
}


def deed_words(what: str) -> str:
    """A deed as the audit log names it, in words; one that is not in the list, as it is named."""
    return _WORDS.get(what, what.replace(".", " ").replace("-", " "))
