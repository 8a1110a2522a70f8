"""What no database can keep is told apart from text, and what turns text is taken out of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services._runtime.display import party
from services._runtime.texts import all_storable, is_storable, straight, turns
from services.portal.inventory.checking import email_of, name_of


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=20))
def test_what_is_storable_is_utf_8_without_a_nul(text: str) -> None:
    try:
        fine = b"\0" not in text.encode()
    except UnicodeEncodeError:
        fine = False
    assert is_storable(text) == fine
    assert not turns(straight(text))
    assert name_of(text) is None or (is_storable(text) and not turns(text))


@pytest.mark.parametrize("bad", ["a\0", "\ud800"])
@pytest.mark.parametrize("around", ["{}", '["a", {}]', '{{"a": {{"b": [{}]}}}}', "{{{}: 1}}"])
def test_it_is_found_wherever_it_is(bad: str, around: str) -> None:
    given: Any = json.loads(around.format(json.dumps(bad)))
    assert not all_storable(given)
    assert all_storable(json.loads(around.format('"a"')))


def test_however_deep_it_is() -> None:
    deep: Any = "a\0"
    for _ in range(2000):
        deep = [deep]
    assert not all_storable(deep)


def test_a_far_machine_that_turns_its_name_is_shown_as_it_is_written() -> None:
    assert party("Clinic \u202efdp.exe") == "Clinic fdp.exe"
    assert name_of("Dr\u202eeve") is None
    assert email_of("a\u2066b@clinic.example") is None
    assert name_of("Ada\u200f 1") == "Ada\u200f 1", "a mark is nothing but that"
