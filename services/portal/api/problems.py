"""Every way the portal's API can refuse, as one closed set: code, status, what happened, what to do (RFC 9457).

docs/portal-api.md shows the same set; a test compares them.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

from services._runtime.problems import Problem, Refusal, Wrong
from services.portal.inventory import refusals

Code = Literal[
    "token-missing",
    "token-unknown",
    "too-many-failures",
    "not-allowed",
    "not-there",
    "no-such-page",
    "method-not-allowed",
    "refused",
    "invalid-request",
    "malformed-body",
    "malformed-address",
    "body-too-large",
    "unavailable",
    "unconfirmed",
    "internal-error",
]

_AGAIN = "Ask for what it is now before you send it again: it may have been done."

PROBLEMS: MappingProxyType[Code, Problem] = MappingProxyType(
    {
        "token-missing": Problem(
            401, "A token is needed.", "Send the header Authorization: Bearer, followed by a token of the portal."
        ),
        "token-unknown": Problem(
            401,
            "This token is not known, has expired or was revoked, or its owner can't sign in any more.",
            "Check that all of it was copied, or make a new one on the portal's page API tokens.",
        ),
        "too-many-failures": Problem(
            429, "Too many requests with a wrong token came from your network.", "Check the token and come again.", 60
        ),
        "not-allowed": Problem(
            403, "Whoever made this token may not do that.", "Use a token of somebody with the role that may."
        ),
        "not-there": Problem(
            404, "There is no such thing, or it is somebody else's.", "Check the names and ids in the address and body."
        ),
        "no-such-page": Problem(404, "There is nothing at this address.", "See /api/v1/openapi.json."),
        "method-not-allowed": Problem(
            405, "This address doesn't take that method.", "Use a method that the header Allow names."
        ),
        "refused": Problem(422, "Nothing was changed.", "See errors: each says what to do."),
        "invalid-request": Problem(
            422, "Something in the request is not as it should be.", "See errors for what, and /api/v1/openapi.json."
        ),
        "malformed-body": Problem(400, "The body can't be read.", "Send JSON in UTF-8, all of it."),
        "malformed-address": Problem(
            400, "The address can't be read: a part of it is no text.", "Take out the NUL (%00), and write it in UTF-8."
        ),
        "body-too-large": Problem(
            413, "The body is too large, or doesn't say how large it is.", "Send less at a time, with Content-Length."
        ),
        "unavailable": Problem(503, "The portal can't reach its data at the moment.", _AGAIN, 10),
        "unconfirmed": Problem(503, "Whether it was done could not be confirmed in time.", _AGAIN, 10),
        "internal-error": Problem(500, "Something went wrong on our side.", _AGAIN),
    }
)

T = TypeVar("T")

CODES: tuple[Code, ...] = get_args(Code)


@dataclass(frozen=True)
class Reason(Wrong):
    """One reason why the inventory refused, with its code (services/portal/inventory/refusals.py)."""

    code: str


class Refused(Refusal):
    """A request is refused.

    Args:
        code: Which kind.
        errors: What is wrong in the request, or why nothing was changed.
        headers: Beside those that the kind implies.
    """

    def __init__(self, code: Code, *, errors: tuple[Wrong, ...] = (), headers: dict[str, str] | None = None) -> None:
        super().__init__(code, PROBLEMS[code], errors=errors, headers=headers)


def broken() -> Refused:
    """The answer to a fault of ours."""
    return Refused("internal-error")


def done(answer: T | refusals.Refused) -> T:
    """What the inventory did.

    Raises:
        Refused: It did nothing, and says why.
    """
    if isinstance(answer, refusals.Refused):
        reasons = tuple(Reason(one.field, one.words, one.code) for one in answer.refusals)
        raise Refused("refused", errors=reasons)
    return answer
