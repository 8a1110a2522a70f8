"""Why a fax failed and what to do about it, in a receptionist's words."""

from schemas.failures import FaxFailure

_NO_DOCUMENT = "The file had no pages to send."
_DAMAGED = "What arrived was damaged and could not be read."
_UNUSUAL = "The file is of a kind that could not be read."
_SEND_PDF = "Save it as a PDF and send it again."

_REASONS: dict[FaxFailure, str] = {
    "empty": _NO_DOCUMENT,
    "not-a-tiff": _UNUSUAL,
    "damaged-tiff": _DAMAGED,
    "unsupported-coding": _UNUSUAL,
    "no-readable-page": "No page of it could be read.",
    "too-large": "It is larger than a fax may be (50 MB).",
    "too-many-pages": "It has more pages than a fax may have (350).",
    "page-too-large": "A page of it is larger than a fax page may be.",
    "conversion-timeout": "It took too long to turn it into fax pages.",
    "conversion-crashed": "It could not be turned into fax pages.",
    "password-protected": "It is protected by a password, so its pages could not be read.",
    "unsupported-format": "It is of a kind that can't be faxed.",
    "damaged-document": "The file is damaged and could not be read.",
    "nothing-to-fax": "There was nothing to fax: no file was attached, and the message had no text.",
    "caller-blocked": "This number is blocked.",
    "number-unknown": "This fax number is not in use.",
    "number-removed": "This fax number is no longer in use.",
    "method-not-enabled": "This fax number may not send faxes this way.",
    "sender-not-allowed": "This sender may not send faxes from this number.",
    "destination-invalid": "The number it was sent to is not a valid fax number.",
    "destination-blocked": "Faxes to this number are blocked for your account.",
    "destination-premium": "This is a premium-rate number, and your account may not dial those.",
    "destination-emergency": "This is an emergency number. Faxes are never sent to those.",
    "busy": "The number was busy each time it was called.",
    "no-answer": "Nobody answered the call.",
    "no-fax-machine": "The call was answered, but not by a fax machine.",
    "line-trouble": "The connection was too poor, or broke off, before every page arrived.",
    "network-trouble": "The phone network could not put the call through.",
    "number-unallocated": "This number is not in use.",
    "call-rejected": "The other side rejected the call.",
    "machine-incompatible": "The other fax machine can't take this fax.",
    "file-fault": "The pages could not be transmitted.",
    "telephony-away": "The call could not be placed in time because of a fault on our side.",
    "outcome-unknown": "The fax was being sent when contact was lost, so it may or may not have arrived.",
    "cancelled": "It was cancelled.",
    "mail-refused": "The mail server refused the message.",
    "mail-deferred-too-long": "The mail server did not take the message for two days.",
    "mail-bounced": "The message came back from the mail server.",
    "source-key-reused": "Another fax was sent under the same reference.",
    "expired": "It was too old to be sent.",
}

_CURES: dict[FaxFailure, str] = {
    "empty": "Attach the document and send it again.",
    "not-a-tiff": _SEND_PDF,
    "damaged-tiff": _SEND_PDF,
    "unsupported-coding": _SEND_PDF,
    "no-readable-page": _SEND_PDF,
    "too-large": "Send it in parts, or with smaller pictures.",
    "too-many-pages": "Send it in parts.",
    "page-too-large": "Save it with A4 or Letter pages and send it again.",
    "conversion-timeout": _SEND_PDF,
    "conversion-crashed": _SEND_PDF,
    "password-protected": "Remove the password and send it again.",
    "unsupported-format": _SEND_PDF,
    "damaged-document": _SEND_PDF,
    "nothing-to-fax": "Attach the document and send it again.",
    "method-not-enabled": "Ask your administrator to enable it for this fax number.",
    "sender-not-allowed": "Ask your administrator to add you to the allowed senders.",
    "destination-invalid": "Check the number; to another country, begin it with + and the country code.",
    "destination-blocked": "Ask your administrator if this is not right.",
    "destination-premium": "Ask your administrator if this is not right.",
    "busy": "Send it again later.",
    "no-answer": "Check the number, and that the other fax machine is switched on.",
    "no-fax-machine": "Check the number: a person, a voicemail or another device may have answered.",
    "line-trouble": "Send it again. If it fails again, try fewer pages at a time.",
    "network-trouble": "Send it again later.",
    "number-unallocated": "Check the number.",
    "call-rejected": "Ask the recipient whether they take faxes from your number.",
    "machine-incompatible": "Ask the recipient for another fax number.",
    "file-fault": _SEND_PDF,
    "telephony-away": "Send it again.",
    "outcome-unknown": "Ask the recipient whether it arrived before you send it again.",
}


def reason(failure: FaxFailure | None) -> str:
    """What happened, as one sentence; empty if nobody knows."""
    return _REASONS.get(failure, "") if failure else ""


def cure(failure: FaxFailure | None) -> str:
    """What the person who sent it can do, as one sentence."""
    return _CURES.get(failure, "") if failure else ""
