"""Whatever bytes a topic carries, `decode` answers with an event or an `InvalidMessage`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import schemas
from schemas.base import Event
from schemas.envelope import Headers, InvalidMessage, decode, encode, event_type
from schemas.failures import DEAD_LETTER_REASONS
from schemas.topics import TOPICS, Topic

NAMES = st.sampled_from(["ce_specversion", "ce_type", "ce_id", "ce_source", "content-type", "other"]) | st.text()
TYPES = st.sampled_from([event_type(event).encode() for topic in TOPICS for event in topic.events])
HEADERS = st.lists(st.tuples(NAMES, TYPES | st.just(b"1.0") | st.binary() | st.none()), max_size=8)
EXAMPLES = [
    json.loads(file.read_text()) for file in sorted((Path(schemas.__file__).parent / "examples").glob("*.json"))
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def answered(topic: Topic, headers: Headers, value: bytes | None) -> Event | None:
    """The event; None after an `InvalidMessage` whose reason is of the closed set and whose detail is short."""
    try:
        event = decode(topic, headers, value)
    except InvalidMessage as error:
        invalid = error
    else:
        assert type(event) in topic.events
        return event
    assert invalid.reason in DEAD_LETTER_REASONS
    assert len(invalid.detail) < 1000
    return None


@given(
    st.sampled_from(TOPICS),
    HEADERS,
    st.none() | st.binary(max_size=200) | JSON.map(lambda one: json.dumps(one).encode()),
)
def test_any_message(topic: Topic, headers: Headers, value: bytes | None) -> None:
    answered(topic, headers, value)


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_golden_message_with_one_field_changed(example: dict[str, Any], data: st.DataObject) -> None:
    """An event it still reads, it writes so that it reads the same again."""
    topic = next(topic for topic in TOPICS if topic.name == example["topic"])
    fields = dict(example["value"])
    fields[data.draw(st.sampled_from(sorted(fields)) | st.text())] = data.draw(JSON)
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    event = answered(topic, headers, json.dumps(fields).encode())
    if event is not None:
        value, again = encode(event, source="test", at=datetime.now(UTC))
        assert decode(topic, again, value) == event


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_golden_message_with_damaged_bytes(example: dict[str, Any], data: st.DataObject) -> None:
    topic = next(topic for topic in TOPICS if topic.name == example["topic"])
    damaged = bytearray(json.dumps(example["value"]).encode())
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    answered(topic, headers, bytes(damaged))
