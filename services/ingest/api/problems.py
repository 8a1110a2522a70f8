"""Every way a request can be refused, as one closed set: code, status, what happened, what to do (RFC 9457).

docs/refusals/api.md shows the same set; a test compares them.
"""

from types import MappingProxyType
from typing import Literal, get_args

from schemas.failures import FaxFailure
from services._runtime.problems import Problem, Refusal, Wrong
from services._runtime.reasons import cure, reason
from services.ingest.documents.refusals import Refusal as FileRefusal

Code = Literal[
    "token-missing",
    "token-unknown",
    "token-expired",
    "scope-missing",
    "not-your-account",
    "method-not-enabled",
    "account-needed",
    "no-such-account",
    "no-such-fax",
    "no-document",
    "no-such-page",
    "method-not-allowed",
    "not-cancellable",
    "key-reused",
    "key-expired",
    "invalid-key",
    "malformed-body",
    "body-too-large",
    "upload-too-slow",
    "unsupported-media-type",
    "invalid-request",
    "invalid-cursor",
    "destination-refused",
    "nothing-to-fax",
    "empty-file",
    "file-refused",
    "reply-to-not-allowed",
    "too-many-requests",
    "too-many-documents",
    "too-many-failures",
    "too-many-uploads",
    "busy",
    "unavailable",
    "unconfirmed",
    "internal-error",
]


_AGAIN = "Nothing is lost. Send the same request again, with the same Idempotency-Key: it makes one fax."

PROBLEMS: MappingProxyType[Code, Problem] = MappingProxyType(
    {
        "token-missing": Problem(
            401, "A token is needed.", "Send the header Authorization: Bearer, followed by a token of the account."
        ),
        "token-unknown": Problem(
            401, "This token is not known, or was revoked.", "Check that all of it was copied, or make a new one."
        ),
        "token-expired": Problem(401, "This token has expired.", "Make a new one for the account."),
        "scope-missing": Problem(403, "This token may not do that.", "Use a token that has the scope named in detail."),
        "not-your-account": Problem(
            403, "This token belongs to another account.", "Leave account_id out, or use a token of that account."
        ),
        "method-not-enabled": Problem(
            403,
            "This fax number may not send faxes this way.",
            "Ask your administrator to enable the portal for this fax number.",
        ),
        "account-needed": Problem(
            422, "This token serves many accounts, and none was named.", "Say which one with account_id."
        ),
        "no-such-account": Problem(404, "There is no such account.", "Check account_id."),
        "no-such-fax": Problem(
            404, "This account has no such fax.", "Check the id, and that the token is the account's."
        ),
        "no-document": Problem(
            404,
            "There are no such pages of this fax.",
            "If the fax was accepted a moment ago, ask again when its state is past accepted.",
        ),
        "no-such-page": Problem(404, "There is nothing at this address.", "See /openapi.json for the addresses."),
        "method-not-allowed": Problem(
            405, "This address doesn't take that method.", "Use a method that the header Allow names."
        ),
        "not-cancellable": Problem(
            409, "This fax can't be cancelled any more.", "Ask for the fax to see how it ended."
        ),
        "key-reused": Problem(
            409,
            "Another fax was submitted under this Idempotency-Key.",
            "Use a new key for a new fax; to repeat a submission, send exactly the same again.",
        ),
        "key-expired": Problem(
            410,
            "A fax was submitted under this Idempotency-Key over 365 days ago, and is no longer kept.",
            "Use a new key.",
        ),
        "invalid-key": Problem(
            422, "The Idempotency-Key can't be used.", "Send one key of 1 to 255 printable ASCII characters."
        ),
        "malformed-body": Problem(
            400, "The body can't be read.", "Send multipart/form-data with its boundary, and all of the body."
        ),
        "body-too-large": Problem(413, "A fax may have 50 MB at most.", "Send it in parts, or with smaller pictures."),
        "upload-too-slow": Problem(408, "The body took too long to arrive.", _AGAIN),
        "unsupported-media-type": Problem(
            415,
            "This kind of content isn't taken.",
            "Send multipart/form-data, or the bytes of one PDF, TIFF, JPEG, PNG, HEIC, DOCX, ODT or plain text file.",
        ),
        "invalid-request": Problem(
            422, "Something in the request is not as it should be.", "See errors for what, and /openapi.json."
        ),
        "invalid-cursor": Problem(
            422,
            "This cursor is not one of ours.",
            "Use next of an earlier answer unchanged, or begin without a cursor.",
        ),
        "destination-refused": Problem(422, "A fax can't be sent to this number.", "See failure and detail."),
        "nothing-to-fax": Problem(422, "There is nothing to fax.", "Send at least one file, as file."),
        "empty-file": Problem(422, "A file is empty.", "Send the document again."),
        "file-refused": Problem(
            422, "A file can't be turned into fax pages.", "See failure and detail; errors says which file it is."
        ),
        "reply-to-not-allowed": Problem(
            422,
            "Mail about a fax goes only to the account's own addresses.",
            "Use the address of the account's user, an allowed sender or one of its recipients.",
        ),
        "too-many-requests": Problem(429, "Too many requests were made with this token.", "Come again later.", 1),
        "too-many-documents": Problem(
            429,
            "Too many documents were read with this token.",
            "Come again later, or ask whoever runs this service.",
            60,
        ),
        "too-many-failures": Problem(
            429, "Too many requests with a wrong token came from your address.", "Check the token and come again.", 60
        ),
        "too-many-uploads": Problem(
            429, "Too many uploads for this account are under way.", "Wait for one to end, then send it again.", 5
        ),
        "busy": Problem(503, "Too many uploads are under way.", _AGAIN, 10),
        "unavailable": Problem(503, "Something that is needed for this is away at the moment.", _AGAIN, 10),
        "unconfirmed": Problem(503, "That the fax was taken could not be confirmed in time.", _AGAIN, 10),
        "internal-error": Problem(500, "Something went wrong on our side.", _AGAIN),
    }
)

DESTINATIONS: MappingProxyType[FaxFailure, str] = MappingProxyType(
    {
        "destination-invalid": "It is no phone number. To another country, begin it with + and the country code.",
        "destination-blocked": "Faxes to this number are blocked for the account. Ask your administrator.",
        "destination-premium": "It is a premium-rate number, and the account may not dial those.",
        "destination-emergency": "It is an emergency number. Faxes are never sent to those.",
    }
)
"""What `destination-refused` says of each failure."""

FILES: MappingProxyType[FaxFailure, str] = MappingProxyType(
    {one: f"{reason(one)} {cure(one)}" for one in get_args(FileRefusal)}
)
"""What `file-refused` says of each failure."""

CODES: tuple[Code, ...] = get_args(Code)


class Refused(Refusal):
    """A request is refused, in words that never quote a document.

    Args:
        code: Which kind.
        detail: More than the kind says; empty: its cure.
        failure: The fax failure behind it, if there is one.
        errors: What is wrong in the request.
        headers: Beside those that the kind implies.
    """

    def __init__(
        self,
        code: Code,
        detail: str = "",
        *,
        failure: FaxFailure | None = None,
        errors: tuple[Wrong, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, PROBLEMS[code], detail, failure=failure, errors=errors, headers=headers)


def broken() -> Refused:
    """The answer to a fault of ours."""
    return Refused("internal-error")
