"""What FastAPI can't see for itself: the headers, and every refusal."""

from typing import Any, Final

from services._runtime.problems import PROBLEM, problem_schema
from services.ingest.api.bodies import BYTES, TEXT
from services.ingest.api.problems import CODES, PROBLEMS, Code

DESCRIPTION: Final = """Send faxes, follow them, read them.

Every request needs a token: `Authorization: Bearer nfx_…`. A submission with an `Idempotency-Key` may be sent again
after any failure: the same key and the same content make one fax. Refusals are `application/problem+json`
(RFC 9457); `type` names the kind, `detail` says what to do."""

_REF: Final = {"$ref": "#/components/schemas/Problem"}

_HEADERS: Final[dict[int, dict[str, Any]]] = {
    401: {"WWW-Authenticate": {"description": "RFC 6750", "schema": TEXT, "required": True}},
    429: {
        "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}, "required": True}
    },
    503: {
        "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}, "required": True}
    },
}


_ANY: Final[tuple[Code, ...]] = (
    "token-missing",
    "token-unknown",
    "token-expired",
    "scope-missing",
    "not-your-account",
    "account-needed",
    "no-such-account",
    "invalid-request",
    "too-many-requests",
    "too-many-failures",
    "unavailable",
    "internal-error",
)
"""Refusals of any operation."""

SUBMITTING: Final[tuple[Code, ...]] = (
    "method-not-enabled",
    "key-reused",
    "key-expired",
    "invalid-key",
    "malformed-body",
    "body-too-large",
    "upload-too-slow",
    "unsupported-media-type",
    "destination-refused",
    "nothing-to-fax",
    "empty-file",
    "reply-to-not-allowed",
    "too-many-uploads",
    "busy",
    "unconfirmed",
)
"""Refusals of a submission."""

PREVIEWING: Final[tuple[Code, ...]] = (
    "file-refused",
    *(code for code in SUBMITTING if code not in {"key-reused", "key-expired", "invalid-key", "unconfirmed"}),
)
"""Refusals of a preview: as those of a submission, and at once what is only seen when the pages are made."""


def answers(*codes: Code, document: bool = False, cancelling: bool = False) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation beside those of any, and what FastAPI doesn't know of its successes."""
    possible = {*_ANY, *codes}
    statuses = sorted({PROBLEMS[code].status for code in possible})
    told: dict[int | str, dict[str, Any]] = {status: _refusal(status, possible) for status in statuses}
    if document:
        headers = {"Content-Disposition": {"description": "attachment", "schema": TEXT, "required": True}}
        content = {"application/pdf": {"schema": BYTES}, "image/tiff": {"schema": BYTES}}
        told[200] = {"description": "The document", "content": content, "headers": headers}
    if cancelling:
        schema = {"$ref": "#/components/schemas/Cancellation"}
        told[202] = {"description": "The dialer was asked", "content": {"application/json": {"schema": schema}}}
    return told


def _refusal(status: int, possible: set[Code]) -> dict[str, Any]:
    kinds = [code for code in CODES if code in possible and PROBLEMS[code].status == status]
    examples = {code: {"value": _example(code)} for code in kinds}
    answer = {
        "description": "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in kinds),
        "content": {PROBLEM: {"schema": _REF, "examples": examples}},
    }
    return answer | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _example(code: Code) -> dict[str, Any]:
    kind = PROBLEMS[code]
    told = {"type": f"/problems/{code}", "title": kind.title, "status": kind.status, "detail": kind.cure}
    return {**told, "request_id": "7d8f3f2a-3d0c-4f6e-9a55-0b9f5f0c3f11"}


def problem() -> dict[str, Any]:
    """The schema of every refusal."""
    return problem_schema(CODES, failure={"type": "string", "description": "the fax failure behind it"})
