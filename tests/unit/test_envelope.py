"""CloudEvents in and out: whatever comes, it is an event or an `InvalidMessage` that quotes nothing."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.envelope import Headers, InvalidMessage, decode, encode, event_type
from schemas.retention import FaxExpired, HoldChanged
from schemas.topics import FAX_EXPIRED, FAX_HOLDS, MESSAGE_LIMIT

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
SECRET = "patient-name-4711"
EVENT = FaxExpired(
    fax_id=UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7"), accepted_at=NOW, expired_at=NOW, objects=3, size=10
)


def encoded(**changes: Any) -> tuple[list[tuple[str, bytes]], bytes]:
    value, headers = encode(EVENT, source="retention", at=NOW)
    fields = {**json.loads(value), **changes}
    return headers, json.dumps(fields).encode()


def refused(headers: Headers, value: bytes | None) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as raised:
        decode(FAX_EXPIRED, headers, value)
    assert SECRET not in str(raised.value)
    return raised.value


def without(headers: list[tuple[str, bytes]], name: str) -> list[tuple[str, bytes]]:
    return [header for header in headers if header[0] != name]


def test_an_event_comes_back_as_it_was() -> None:
    headers, value = encoded()
    assert decode(FAX_EXPIRED, headers, value) == EVENT
    assert dict(headers)["ce_type"] == b"nativefax.FaxExpired.v1"
    assert dict(headers)["content-type"] == b"application/json"


def test_the_same_event_has_the_same_id_whenever_it_is_published() -> None:
    _, first = encode(EVENT, source="retention", at=NOW)
    _, later = encode(EVENT, source="retention", at=datetime(2027, 1, 1, tzinfo=UTC))
    other = encode(EVENT.model_copy(update={"size": 11}), source="retention", at=NOW)[1]
    assert dict(first)["ce_id"] == dict(later)["ce_id"] != dict(other)["ce_id"]


def test_headers_of_others_are_left_alone() -> None:
    headers, value = encoded()
    assert decode(FAX_EXPIRED, [("traceparent", b"\xff\xfe"), *headers], value) == EVENT


@pytest.mark.parametrize("name", ["ce_specversion", "ce_type"])
def test_a_missing_attribute(name: str) -> None:
    headers, value = encoded()
    assert refused(without(headers, name), value).reason == "malformed-headers"


def test_no_headers_at_all() -> None:
    assert refused([], encoded()[1]).reason == "malformed-headers"


def test_another_version_of_cloudevents() -> None:
    headers, value = encoded()
    assert refused([*without(headers, "ce_specversion"), ("ce_specversion", b"0.3")], value).reason == (
        "malformed-headers"
    )


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "content-type", "ce_anything"])
def test_a_header_we_do_not_decide_by_may_be_anything(name: str) -> None:
    headers, value = encoded()
    assert decode(FAX_EXPIRED, [*without(headers, name), (name, b"\xff")], value) == EVENT


@pytest.mark.parametrize("name", ["ce_specversion", "ce_type"])
def test_a_header_we_decide_by_that_is_no_text(name: str) -> None:
    headers, value = encoded()
    assert refused([*without(headers, name), (name, b"\xff\xfe")], value).reason == "malformed-headers"


@pytest.mark.parametrize("named", [SECRET, event_type(HoldChanged), "nativefax.FaxExpired.v2", ""])
def test_an_event_the_topic_does_not_carry(named: str) -> None:
    headers, value = encoded()
    assert refused([*without(headers, "ce_type"), ("ce_type", named.encode())], value).reason == "unknown-event-type"


def test_no_value() -> None:
    assert refused(encoded()[0], None).reason == "malformed-json"


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", f'{{"a": {SECRET}'.encode(), b"\x00" * 20])
def test_no_json(value: bytes) -> None:
    assert refused(encoded()[0], value).reason == "malformed-json"


@pytest.mark.parametrize("value", [b"null", b"[]", b'"x"', b"5", f'["{SECRET}"]'.encode(), b"{}"])
def test_json_that_is_no_event(value: bytes) -> None:
    assert refused(encoded()[0], value).reason == "schema-violation"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unknown": SECRET}, "unknown"),
        ({SECRET[:3]: 1, "nested": {"a": SECRET}}, "nested"),
        ({"objects": "5"}, "objects"),
        ({"objects": 5.0}, "objects"),
        ({"objects": True}, "objects"),
        ({"objects": None}, "objects"),
        ({"objects": -1}, "objects"),
        ({"objects": SECRET}, "objects"),
        ({"fax_id": SECRET}, "fax_id"),
        ({"fax_id": 5}, "fax_id"),
        ({"accepted_at": SECRET}, "accepted_at"),
        ({"accepted_at": "2026-03-02T14:30:00"}, "accepted_at"),
        ({"accepted_at": [SECRET]}, "accepted_at"),
        ({"cause": SECRET}, "cause"),
        ({"account_id": ""}, "account_id"),
        ({"account_id": SECRET + "\n"}, "account_id"),
    ],
)
def test_a_wrong_field_is_named_and_not_quoted(changes: dict[str, object], told: str) -> None:
    invalid = refused(*encoded(**changes))
    assert invalid.reason == "schema-violation"
    assert told in invalid.detail


def test_a_field_name_of_any_length_is_told_in_brief() -> None:
    invalid = refused(*encoded(**{"x" * 10_000: 1}))
    assert len(invalid.detail) < 200


def test_every_missing_field_is_told_up_to_five() -> None:
    invalid = refused(encoded()[0], b"{}")
    assert invalid.detail.count("missing") == 5


def test_just_within_the_limit() -> None:
    headers, value = encoded()
    assert decode(FAX_EXPIRED, headers, value + b" " * (MESSAGE_LIMIT - len(value))) == EVENT


def test_over_the_limit() -> None:
    headers, value = encoded()
    assert refused(headers, value + b" " * (MESSAGE_LIMIT - len(value) + 1)).reason == "message-too-large"
    assert refused(headers, b"x" * 17 * 1024).reason == "message-too-large"


def test_an_event_over_the_limit_is_not_encoded() -> None:
    large = HoldChanged.model_construct(scope="fax:1", held=True, reason="x" * MESSAGE_LIMIT, by="b", at=NOW)
    with pytest.raises(ValueError, match="a message has at most 16384"):
        encode(large, source="portal", at=NOW)


def test_each_topic_takes_its_own_events_only() -> None:
    headers, value = encoded()
    with pytest.raises(InvalidMessage, match=r"fax-holds carries nativefax\.HoldChanged\.v1"):
        decode(FAX_HOLDS, headers, value)
