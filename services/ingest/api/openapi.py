"""What FastAPI can't see for itself: the submission's body, the headers, and every refusal."""

from typing import Any, Final

from services._runtime.problems import PROBLEM
from services.ingest.api.form import FaxForm
from services.ingest.api.problems import CODES, PROBLEMS, Code
from services.ingest.api.upload import FILES, MULTIPART, SUFFIXES

DESCRIPTION: Final = """Send faxes, follow them, read them.

Every request needs a token: `Authorization: Bearer nfx_…`. A submission with an `Idempotency-Key` may be sent again
after any failure: the same key and the same content make one fax. Refusals are `application/problem+json`
(RFC 9457); `type` names the kind, `detail` says what to do."""

_REF: Final = {"$ref": "#/components/schemas/Problem"}
_BYTES: Final = {"type": "string", "format": "binary"}
_TEXT: Final = {"type": "string"}

_HEADERS: Final[dict[int, dict[str, Any]]] = {
    401: {"WWW-Authenticate": {"description": "RFC 6750", "schema": _TEXT, "required": True}},
    429: {
        "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}, "required": True}
    },
    503: {
        "Retry-After": {"description": "seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}, "required": True}
    },
}


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """A field as forms and addresses carry it: as text that is there or not, never null."""
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    return {
        **{key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}},
        **(kinds or [{}])[0],
    }


_FIELDS: Final = {name: _field(schema) for name, schema in FaxForm.model_json_schema()["properties"].items()}

SUBMISSION: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "chosen by you, for one fax; without one, a repeated submission is another fax",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
            "example": "order-4711",
        },
        *(
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": f"instead of the form's {name}",
                "schema": {key: value for key, value in field.items() if key != "examples"},
            }
            for name, field in _FIELDS.items()
        ),
    ],
    "requestBody": {
        "required": True,
        "description": "a form with files; or the bytes of one file, with the fields in the address",
        "content": {
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["to", "file"],
                    "properties": {
                        **_FIELDS,
                        "file": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": FILES,
                            "items": {**_BYTES, "minLength": 1},
                            "description": "PDF, TIFF, JPEG, PNG, HEIC, DOCX, ODT or text, in the order to send",
                        },
                    },
                },
            },
            **{kind: {"schema": {**_BYTES, "minLength": 1}} for kind in SUFFIXES},
        },
    },
    "responses": {
        "202": {
            "description": "Accepted: stored, and announced",
            "headers": {
                "Location": {"description": "the fax", "schema": _TEXT, "required": True},
                "Idempotency-Replayed": {
                    "description": "true: it was accepted before, under this key",
                    "schema": {"type": "string", "enum": ["true"]},
                },
            },
        }
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


def answers(*codes: Code, document: bool = False, cancelling: bool = False) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation beside those of any, and what FastAPI doesn't know of its successes."""
    possible = {*_ANY, *codes}
    statuses = sorted({PROBLEMS[code].status for code in possible})
    told: dict[int | str, dict[str, Any]] = {status: _refusal(status, possible) for status in statuses}
    if document:
        headers = {"Content-Disposition": {"description": "attachment", "schema": _TEXT, "required": True}}
        content = {"application/pdf": {"schema": _BYTES}, "image/tiff": {"schema": _BYTES}}
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
    return {
        "title": "Problem",
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "enum": [f"/problems/{code}" for code in CODES]},
            "title": {"type": "string", "description": "what happened"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "more about it, and what to do"},
            "request_id": {"type": "string", "description": "to name when you ask us"},
            "failure": {"type": "string", "description": "the fax failure behind it"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["where", "what"],
                    "additionalProperties": False,
                    "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
                },
            },
        },
    }
