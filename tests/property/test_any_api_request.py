"""Any request that the API's own OpenAPI document allows or forbids is answered as that document says (schemathesis).

The API stands on fakes here; tests/integration/test_api.py has it on the real parts.
"""

from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from schemas.keys import DIALLED, DOCUMENT, ORIGINAL, fax_prefix
from services.ingest.api.upload import SUFFIXES
from tests.unit.api_world import TO, World

WORLD = World(requests_per_second=1e6, requests_burst=10**6, failures_per_minute=1e9, failures_burst=10**6)
KNOWN = [
    WORLD.row(1),
    WORLD.row(2, direction="sent", state="delivered"),
    WORLD.row(3, state="unreadable", reason="damaged-tiff"),
]
for row in KNOWN[:2]:
    for name in (DOCUMENT, DIALLED, ORIGINAL):
        WORLD.blobs.objects[fax_prefix(row.accepted_at, row.fax_id) + name] = b"pages"

ODD = {
    # well formed, and yet: no phone number, another account, an unknown fax, a key used before, an empty file
    "positive_data_acceptance": {"expected-statuses": ["2xx", 403, 404, 409, 422]},
    "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422]},
}
TOKEN = {"Authorization": f"Bearer {WORLD.mine.text}"}


@schemathesis.serializer(*sorted(SUFFIXES))
def whole_body(_context: Any, value: Any) -> bytes:
    """One file as the whole body."""
    return value if isinstance(value, bytes) else str(value).encode()


def _schema(**config: Any) -> schemathesis.BaseSchema:
    told = SchemathesisConfig.from_dict(config)
    return schemathesis.openapi.from_asgi("/openapi.json", WORLD.app, config=told)


schema = _schema(checks=ODD)
submissions = _schema(
    generation={"mode": "positive"},
    phases={"coverage": {"enabled": False}, "examples": {"enabled": False}},  # of these the hook below isn't asked
    checks={
        "positive_data_acceptance": {"expected-statuses": ["2xx", 409]},  # 409: the key was drawn before
        "negative_data_rejection": {"enabled": False},  # the hook below makes good what was bad
    },
).include(operation_id="submitFax")


@submissions.hook
def map_case(_context: Any, case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    """A number that can be called, each field in one place, and nothing that only some accounts or tokens may say."""
    case.query = {}
    odd = ("account_id", "reply_to", "on_behalf_of", "cover")
    if isinstance(case.body, dict):
        case.body = {**{name: value for name, value in case.body.items() if name not in odd}, "to": TO}
    else:
        case.query, case.body = {"to": TO}, case.body or b"%PDF"
    return case


@schema.hook
def map_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Every second fax that is asked for is known."""
    fax_id = (path_parameters or {}).get("fax_id")
    if isinstance(fax_id, str) and _is_id(fax_id) and UUID(fax_id).int % 2:
        return {**(path_parameters or {}), "fax_id": str(KNOWN[UUID(fax_id).int % len(KNOWN)].fax_id)}
    return path_parameters


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


BOUNDED = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@schema.parametrize()
@BOUNDED
def test_a_request_is_answered_as_the_document_says(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=TOKEN)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@schema.parametrize()
@LONG
def test_very_many_requests_are_answered_as_the_document_says(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=TOKEN)


@submissions.parametrize()
@BOUNDED
def test_a_good_submission_is_accepted(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=TOKEN)


def test_some_of_them_were_accepted() -> None:
    assert len(WORLD.submitted) > 1
