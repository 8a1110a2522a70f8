"""Every way a device can be refused, as one closed set: code, status, what happened, what to do (RFC 9457).

docs/refusals/ata.md shows the same set; a test compares them.
"""

from types import MappingProxyType
from typing import Final, Literal, get_args

from schemas.failures import FaxFailure
from services._runtime.problems import Problem, Refusal, Wrong

Code = Literal[
    "not-authenticated",
    "device-not-allowed",
    "enrolment-refused",
    "code-expired",
    "code-used",
    "too-many-attempts",
    "invalid-request",
    "destination-refused",
    "empty-document",
    "unsupported-document",
    "document-too-large",
    "incomplete-document",
    "upload-too-slow",
    "job-expired",
    "no-such-fax",
    "no-longer-waiting",
    "document-gone",
    "no-such-address",
    "method-not-allowed",
    "busy",
    "unavailable",
    "unconfirmed",
    "internal-error",
]


_AGAIN = "Nothing is lost. Send the same request again, with the same job and booted_at: it makes one fax."

PROBLEMS: MappingProxyType[Code, Problem] = MappingProxyType(
    {
        "not-authenticated": Problem(
            401,
            "The serial number or the secret is wrong, or the secret was replaced or revoked.",
            "Check both. If the secret is lost, ask your administrator for a new code and enrol again.",
        ),
        "device-not-allowed": Problem(
            403,
            "This device belongs to no fax number that may use one.",
            "Ask your administrator to add the device to the fax number.",
        ),
        "enrolment-refused": Problem(
            403,
            "The serial number or the enrolment code is wrong.",
            "Check both; if they are right, ask your administrator for a new code.",
        ),
        "code-expired": Problem(403, "This enrolment code has expired.", "Ask your administrator for a new code."),
        "code-used": Problem(
            409,
            "This enrolment code has been used.",
            "A code works once. If the secret that it gave is lost, ask your administrator for a new code.",
        ),
        "too-many-attempts": Problem(
            429, "Too many enrolments were tried.", "Check the code, and come again later.", 60
        ),
        "invalid-request": Problem(422, "Something in the request is not as it should be.", "See errors for what."),
        "destination-refused": Problem(422, "A fax can't be sent to this number.", "See failure and detail."),
        "empty-document": Problem(422, "The document is empty.", "Scan it again."),
        "unsupported-document": Problem(
            415, "The document is neither TIFF nor PDF.", "Set the device to send TIFF or PDF."
        ),
        "document-too-large": Problem(413, "A fax may have 50 MB at most.", "Send it in parts."),
        "incomplete-document": Problem(400, "The document didn't arrive whole.", _AGAIN),
        "upload-too-slow": Problem(408, "The document took too long to arrive.", _AGAIN),
        "job-expired": Problem(
            410,
            "A fax was submitted as this job over 365 days ago, and is no longer kept.",
            "Use a new job id, or the time when the device was last started.",
        ),
        "no-such-fax": Problem(404, "This device has no such fax.", "Ask for /v1/ata/received to see what waits."),
        "no-longer-waiting": Problem(
            410, "This fax no longer waits for the device.", "It was printed, or mailed to its user: nothing to do."
        ),
        "document-gone": Problem(
            410, "The pages of this fax are no longer kept.", "Ask your administrator where the fax went."
        ),
        "no-such-address": Problem(404, "There is nothing at this address.", "See docs/ata-gateway.md."),
        "method-not-allowed": Problem(
            405, "This address doesn't take that method.", "Use the method that the header Allow names."
        ),
        "busy": Problem(503, "Too many documents are arriving.", _AGAIN, 10),
        "unavailable": Problem(503, "Something that is needed for this is away at the moment.", _AGAIN, 10),
        "unconfirmed": Problem(503, "That the fax was taken could not be confirmed in time.", _AGAIN, 10),
        "internal-error": Problem(500, "Something went wrong on our side.", _AGAIN),
    }
)

DESTINATIONS: MappingProxyType[FaxFailure, str] = MappingProxyType(
    {
        "destination-invalid": "It is no phone number. To another country, dial the international prefix first.",
        "destination-blocked": "Faxes to this number are blocked for the account. Ask your administrator.",
        "destination-premium": "It is a premium-rate number, and the account may not dial those.",
        "destination-emergency": "It is an emergency number. Faxes are never sent to those.",
    }
)
"""What `destination-refused` says of each failure."""

CODES: tuple[Code, ...] = get_args(Code)


CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="ata", charset="UTF-8"'}
"""RFC 7617, 2."""


class Refused(Refusal):
    """A request is refused, in words that never quote a document.

    Args:
        code: Which kind.
        detail: More than the kind says.
        failure: The fax failure behind it, if there is one.
        errors: What is wrong in the request.
        retry_after: Seconds, if they are known better than the kind knows them.
        headers: Beside those that the kind implies.
    """

    def __init__(
        self,
        code: Code,
        detail: str = "",
        *,
        failure: FaxFailure | None = None,
        errors: tuple[Wrong, ...] = (),
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        implied = CHALLENGE if code == "not-authenticated" else {}
        later = {"Retry-After": str(retry_after)} if retry_after else {}
        told = {**implied, **later, **(headers or {})}
        super().__init__(code, PROBLEMS[code], detail, failure=failure, errors=errors, headers=told)


def broken() -> Refused:
    """The answer to a fault of ours."""
    return Refused("internal-error")
