"""How the API's document describes a refusal, and where its addresses begin."""

from typing import Any, Final

from fastapi import APIRouter

from services._runtime.problems import PROBLEM, problem_schema
from services.portal.api.problems import CODES, PROBLEMS, Reason

VERSION: Final = "/api/v1"

SCHEMA: Final = problem_schema(CODES, Reason)
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
