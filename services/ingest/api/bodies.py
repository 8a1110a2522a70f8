"""What a submission and a preview take and answer, for the OpenAPI document: FastAPI can't see it in a raw request."""

from typing import Any, Final

from services.ingest.api.form import FaxForm
from services.ingest.api.upload import FILES, MULTIPART, SUFFIXES

BYTES: Final = {"type": "string", "format": "binary"}
TEXT: Final = {"type": "string"}

PAGES: Final = "Fax-Pages"
"""The header that counts a preview's pages."""


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """A field as forms and addresses carry it: as text that is there or not, never null."""
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    return {
        **{key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}},
        **(kinds or [{}])[0],
    }


_FIELDS: Final = {name: _field(schema) for name, schema in FaxForm.model_json_schema()["properties"].items()}

_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "chosen by you, for one fax; without one, a repeated submission is another fax",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
    "example": "order-4711",
}

_IN_ADDRESS: Final[list[dict[str, Any]]] = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": f"instead of the form's {name}",
        "schema": {key: value for key, value in field.items() if key != "examples"},
    }
    for name, field in _FIELDS.items()
]

_BODY: Final[dict[str, Any]] = {
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
                        "items": {**BYTES, "minLength": 1},
                        "description": "PDF, TIFF, JPEG, PNG, HEIC, DOCX, ODT or text, in the order to send",
                    },
                },
            },
        },
        **{kind: {"schema": {**BYTES, "minLength": 1}} for kind in SUFFIXES},
    },
}

SUBMISSION: Final[dict[str, Any]] = {
    "parameters": [_KEY, *_IN_ADDRESS],
    "requestBody": _BODY,
    "responses": {
        "202": {
            "description": "Accepted: stored, and announced",
            "headers": {
                "Location": {"description": "the fax", "schema": TEXT, "required": True},
                "Idempotency-Replayed": {
                    "description": "true: it was accepted before, under this key",
                    "schema": {"type": "string", "enum": ["true"]},
                },
            },
        }
    },
}


PREVIEW: Final[dict[str, Any]] = {
    "parameters": _IN_ADDRESS,
    "requestBody": _BODY,
    "responses": {
        "200": {
            "description": "The pages",
            "headers": {PAGES: {"description": "how many", "schema": {"type": "integer"}, "required": True}},
            "content": {"application/pdf": {"schema": BYTES}},
        }
    },
}
