"""Every way a switch's request can be refused, as one closed set: code, status, what happened, what to do (RFC 9457).

docs/refusals/telephony.md shows the same set; a test compares them.
"""

from types import MappingProxyType
from typing import Literal, get_args

from services._runtime.problems import Problem, Refusal, Wrong

Code = Literal[
    "token-missing",
    "token-unknown",
    "too-many-failures",
    "not-your-switch",
    "no-such-page",
    "method-not-allowed",
    "malformed-body",
    "body-too-large",
    "upload-too-slow",
    "unsupported-media-type",
    "invalid-request",
    "not-a-tiff",
    "url-not-allowed",
    "url-address-not-allowed",
    "url-refused",
    "url-unreachable",
    "busy",
    "unavailable",
    "unconfirmed",
    "internal-error",
]

_AGAIN = "Nothing is lost. Send the same request again: it makes one fax, and one result."

PROBLEMS: MappingProxyType[Code, Problem] = MappingProxyType(
    {
        "token-missing": Problem(
            401, "A token is needed.", "Send the header Authorization: Bearer, followed by the switch's token."
        ),
        "token-unknown": Problem(
            401, "This token is not known.", "Check that all of it was copied, and NATIVEFAX_TELEPHONY_SWITCHES."
        ),
        "too-many-failures": Problem(
            429, "Too many requests with a wrong token came from your address.", "Check the token and come again.", 60
        ),
        "not-your-switch": Problem(
            403, "This token belongs to another switch.", "Leave switch_id out, or use that switch's token."
        ),
        "no-such-page": Problem(
            404, "There is nothing at this address.", "Post to /v1/telephony/received or /v1/telephony/results."
        ),
        "method-not-allowed": Problem(
            405, "This address doesn't take that method.", "Use a method that the header Allow names."
        ),
        "malformed-body": Problem(400, "The body can't be read.", "Send JSON, or multipart/form-data with its end."),
        "body-too-large": Problem(
            413, "The file or the request is too large.", "A fax may have 50 MB, its event 64 KiB."
        ),
        "upload-too-slow": Problem(408, "The body took too long to arrive.", _AGAIN),
        "unsupported-media-type": Problem(
            415, "This kind of content isn't taken.", "Send application/json or multipart/form-data, not compressed."
        ),
        "invalid-request": Problem(
            422, "Something in the request is not as it should be.", "See errors for what, and docs/telephony-http.md."
        ),
        "not-a-tiff": Problem(422, "The file is not a TIFF.", "Send the file as the fax engine wrote it."),
        "url-not-allowed": Problem(
            422, "Files are not fetched from this URL.", "See detail, and NATIVEFAX_TELEPHONY_URL_HOSTS."
        ),
        "url-address-not-allowed": Problem(
            422,
            "The URL's host has an address that files are not fetched from.",
            "For a switch in a private network, set NATIVEFAX_TELEPHONY_URL_NETWORKS.",
        ),
        "url-refused": Problem(
            422, "The URL's host did not give the file.", "Check that the URL gives the file itself."
        ),
        "url-unreachable": Problem(502, "The file could not be fetched at the moment.", _AGAIN, 10),
        "busy": Problem(503, "Too many faxes are being taken.", _AGAIN, 5),
        "unavailable": Problem(503, "Something that is needed for this is away at the moment.", _AGAIN, 10),
        "unconfirmed": Problem(503, "That it was taken could not be confirmed in time.", _AGAIN, 10),
        "internal-error": Problem(500, "Something went wrong on our side.", _AGAIN),
    }
)

CODES: tuple[Code, ...] = get_args(Code)


class Refused(Refusal):
    """A request is refused, in words that never quote a document.

    Args:
        code: Which kind.
        detail: More than the kind says.
        errors: What is wrong in the request.
        headers: Beside those that the kind implies.
    """

    def __init__(
        self, code: Code, detail: str = "", *, errors: tuple[Wrong, ...] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code, PROBLEMS[code], detail, errors=errors, headers=headers)


def broken() -> Refused:
    """The answer to a fault of ours."""
    return Refused("internal-error")
