"""The audit log's deeds in words: “Read the fax”, “Added the fax account”."""

from collections.abc import Mapping
from typing import Final

from services._runtime.translating import N_, gettext

_WORDS: Final[Mapping[str, str]] = {
    "account.added": N_("added the fax account"),
    "account.changed": N_("changed the fax account"),
    "account.exported": N_("exported all fax accounts"),
    "account.removed": N_("removed the fax account"),
    "api-token.made": N_("made an API token"),
    "api-token.revoked": N_("revoked an API token"),
    "brand.changed": N_("changed the brand"),
    "device.code": N_("made an enrolment code"),
    "device.locked-out": N_("locked the adapter out"),
    "device-type.added": N_("added a device type"),
    "device-type.removed": N_("removed a device type"),
    "domain.added": N_("added the domain"),
    "domain.maximum": N_("changed the maximum of fax numbers"),
    "fax.cancelled": N_("cancelled the fax"),
    "fax.deleted": N_("deleted the fax"),
    "fax.downloaded": N_("downloaded the fax"),
    "fax.forwarded": N_("forwarded the fax by mail"),
    "fax.held-back": N_("was held back from opening many faxes"),
    "fax.link-downloaded": N_("downloaded the fax by a link in a mail"),
    "fax.link-opened": N_("opened a link in a mail"),
    "fax.link-pictured": N_("looked at the first page by a link in a mail"),
    "fax.link-refused": N_("was asked to sign in by an older link in a mail"),
    "fax.link-read": N_("read the fax by a link in a mail"),
    "fax.released": N_("released the fax"),
    "fax.submitted": N_("sent the fax"),
    "fax.viewed": N_("looked at the fax"),
    "hold.lifted": N_("lifted a hold"),
    "hold.set": N_("set a hold"),
    "number.added": N_("added the phone number"),
    "number.moved": N_("moved the phone number"),
    "number.treatment": N_("changed the treatment of the number"),
    "operator.added": N_("added an operator"),
    "operator.removed": N_("removed an operator"),
    "password-change-failed": N_("failed to change the password"),
    "password-changed": N_("changed the password"),
    "reseller.added": N_("let the reseller sign in"),
    "sign-in-failed": N_("failed to sign in"),
    "sign-in-held-back": N_("was held back from signing in"),
    "signed-in": N_("signed in"),
    "signed-out": N_("signed out"),
    "token.made": N_("made a token of the fax account"),
    "token.revoked": N_("revoked a token of the fax account"),
    "user.added": N_("added the user"),
    "user.changed": N_("changed the user"),
    "user.removed": N_("removed the user"),
    "user.sign-in-ended": N_("ended the user's sign-in"),
    "user.sign-in-given": N_("let the user sign in"),
}


def deed_words(what: str) -> str:
    """A deed as the audit log names it, in words; one that is not in the list, as it is named."""
    return gettext(_WORDS.get(what, what.replace(".", " ").replace("-", " ")))
