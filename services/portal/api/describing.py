"""How the API's document describes a refusal, and where its addresses begin."""

from typing import Any, Final

from fastapi import APIRouter

from services._runtime.problems import PROBLEM
from services.portal.api.problems import CODES, PROBLEMS

VERSION: Final = "/api/v1"

_REASONS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["where", "what"],
        "properties": {name: {"type": "string"} for name in ("where", "what", "code")},
    },
}
SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{code}" for code in CODES]},
        "title": {"type": "string", "description": "what happened"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "more about it, and what to do"},
        "request_id": {"type": "string", "description": "to name when you ask us"},
        "errors": _REASONS,
    },
}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": " ".join(one.title for one in PROBLEMS.values() if one.status == status),
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in sorted({one.status for one in PROBLEMS.values()})
}


def addresses(tag: str) -> APIRouter:
    """For the addresses of one part of the API."""
    return APIRouter(prefix=VERSION, tags=[tag], responses=_REFUSED)
