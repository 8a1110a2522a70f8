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
    "caller-blocked": "This number is blocked.",
    "number-unknown": "This fax number is not in use.",
    "number-removed": "This fax number is no longer in use.",
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
}


def reason(failure: FaxFailure | None) -> str:
    """What happened, as one sentence; empty if nobody knows."""
    return _REASONS.get(failure, "") if failure else ""


def cure(failure: FaxFailure | None) -> str:
    """What the person who sent it can do, as one sentence."""
    return _CURES.get(failure, "") if failure else ""
