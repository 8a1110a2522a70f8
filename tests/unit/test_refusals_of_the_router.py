"""docs/refusals/routing.md lists what the router refuses, in the words that people read."""

import re
from pathlib import Path
from typing import Any

import pytest

from schemas.accounts import FaxAccount, RemovedAccount
from services._runtime.reasons import cure, reason
from services.router.submitted import decide_submitted
from tests.unit.test_routing import NOW, account
from tests.unit.test_routing_submitted import removed, submitted

TABLE = Path(__file__).parents[2] / "docs" / "refusals" / "routing.md"
ROWS = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \|$", TABLE.read_text(), re.MULTILINE)

CAUSES: dict[str, tuple[dict[str, Any], FaxAccount | RemovedAccount | None]] = {
    "number-unknown": ({}, None),
    "number-removed": ({}, removed()),
    "method-not-enabled": ({}, account(methods=("portal",))),
    "sender-not-allowed": ({"sender": "stranger@elsewhere.example"}, account()),
    "destination-invalid": ({"destination": "12"}, account()),
    "destination-blocked": ({}, account(blocked_destinations=("+1202",))),
    "destination-premium": ({"destination": "+1 900 555 0123"}, account()),
    "destination-emergency": ({"destination": "911"}, account()),
}


def test_the_table_is_complete() -> None:
    assert [code for code, _, _ in ROWS] == list(CAUSES)


@pytest.mark.parametrize(("code", "words", "remedy"), ROWS)
def test_each_is_caused_and_told_as_listed(code: str, words: str, remedy: str) -> None:
    changes, record = CAUSES[code]
    decision = decide_submitted(submitted(**changes), record, NOW)
    failure = decision.status.reason
    assert failure == code
    assert failure is not None
    assert (words, remedy) == (reason(failure), cure(failure) or "\u2013")
