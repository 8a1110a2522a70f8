"""Why a fax failed and what to do about it, in a receptionist's words."""

from schemas.failures import FaxFailure
from services._runtime.translating import N_, gettext

_NO_DOCUMENT = N_("The file had no pages to send.")
_DAMAGED = N_("What arrived was damaged and could not be read.")
_UNUSUAL = N_("The file is of a kind that could not be read.")
_SEND_PDF = N_("Save it as a PDF and send it again.")

_REASONS: dict[FaxFailure, str] = {
    "empty": _NO_DOCUMENT,
    "not-a-tiff": _UNUSUAL,
    "damaged-tiff": _DAMAGED,
    "unsupported-coding": _UNUSUAL,
    "no-readable-page": N_("No page of it could be read."),
    "too-large": N_("It is larger than a fax may be (50 MB)."),
    "too-many-pages": N_("It has more pages than a fax may have (350)."),
    "page-too-large": N_("A page of it is larger than a fax page may be."),
    "conversion-timeout": N_("It took too long to turn it into fax pages."),
    "conversion-crashed": N_("It could not be turned into fax pages."),
    "password-protected": N_("It is protected by a password, so its pages could not be read."),
    "unsupported-format": N_("It is of a kind that can't be faxed."),
    "damaged-document": N_("The file is damaged and could not be read."),
    "nothing-to-fax": N_("There was nothing to fax: no file was attached, and the message had no text."),
    "caller-blocked": N_("This number is blocked."),
    "number-unknown": N_("This fax number is not in use."),
    "number-removed": N_("This fax number is no longer in use."),
    "method-not-enabled": N_("This fax number may not send faxes this way."),
    "sender-not-allowed": N_("This sender may not send faxes from this number."),
    "destination-invalid": N_("The number it was sent to is not a valid fax number."),
    "destination-blocked": N_("Faxes to this number are blocked for your account."),
    "destination-premium": N_("This is a premium-rate number, and your account may not dial those."),
    "destination-emergency": N_("This is an emergency number. Faxes are never sent to those."),
    "busy": N_("The number was busy each time it was called."),
    "no-answer": N_("Nobody answered the call."),
    "no-fax-machine": N_("The call was answered, but not by a fax machine."),
    "line-trouble": N_("The connection was too poor, or broke off, before every page arrived."),
    "network-trouble": N_("The phone network could not put the call through."),
    "number-unallocated": N_("This number is not in use."),
    "call-rejected": N_("The other side rejected the call."),
    "machine-incompatible": N_("The other fax machine can't take this fax."),
    "file-fault": N_("The pages could not be transmitted."),
    "telephony-away": N_("The call could not be placed in time because of a fault on our side."),
    "outcome-unknown": N_("The fax was being sent when contact was lost, so it may or may not have arrived."),
    "cancelled": N_("It was cancelled."),
    "mail-refused": N_("The mail server refused the message."),
    "mail-deferred-too-long": N_("The mail server did not take the message for two days."),
    "mail-bounced": N_("The message came back from the mail server."),
    "source-key-reused": N_("Another fax was sent under the same reference."),
    "expired": N_("It was too old to be sent."),
}

_CURES: dict[FaxFailure, str] = {
    "empty": N_("Attach the document and send it again."),
    "not-a-tiff": _SEND_PDF,
    "damaged-tiff": _SEND_PDF,
    "unsupported-coding": _SEND_PDF,
    "no-readable-page": _SEND_PDF,
    "too-large": N_("Send it in parts, or with smaller pictures."),
    "too-many-pages": N_("Send it in parts."),
    "page-too-large": N_("Save it with A4 or Letter pages and send it again."),
    "conversion-timeout": _SEND_PDF,
    "conversion-crashed": _SEND_PDF,
    "password-protected": N_("Remove the password and send it again."),
    "unsupported-format": _SEND_PDF,
    "damaged-document": _SEND_PDF,
    "nothing-to-fax": N_("Attach the document and send it again."),
    "method-not-enabled": N_("Ask your administrator to enable it for this fax number."),
    "sender-not-allowed": N_("Ask your administrator to add you to the allowed senders."),
    "destination-invalid": N_("Check the number; to another country, begin it with + and the country code."),
    "destination-blocked": N_("Ask your administrator if this is not right."),
    "destination-premium": N_("Ask your administrator if this is not right."),
    "busy": N_("Send it again later."),
    "no-answer": N_("Check the number, and that the other fax machine is switched on."),
    "no-fax-machine": N_("Check the number: a person, a voicemail or another device may have answered."),
    "line-trouble": N_("Send it again. If it fails again, try fewer pages at a time."),
    "network-trouble": N_("Send it again later."),
    "number-unallocated": N_("Check the number."),
    "call-rejected": N_("Ask the recipient whether they take faxes from your number."),
    "machine-incompatible": N_("Ask the recipient for another fax number."),
    "file-fault": _SEND_PDF,
    "telephony-away": N_("Send it again."),
    "outcome-unknown": N_("Ask the recipient whether it arrived before you send it again."),
}


def reason(failure: FaxFailure | None) -> str:
    """What happened, as one sentence; empty if nobody knows."""
    return gettext(_REASONS.get(failure, "")) if failure else ""


def cure(failure: FaxFailure | None) -> str:
    """What the person who sent it can do, as one sentence."""
    return gettext(_CURES.get(failure, "")) if failure else ""
