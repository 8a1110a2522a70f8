"""CloudEvents 1.0 in Kafka's binary content mode: attributes as ``ce_`` headers, the event as JSON in the value.

Source: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from pydantic import ValidationError

from schemas.base import Event
from schemas.failures import DeadLetterReason
from schemas.identity import content_id
from schemas.topics import MESSAGE_LIMIT, Topic

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka allows a header without a value."""

CONTENT_TYPE = "application/json"
SPEC_VERSION = b"1.0"


class InvalidMessage(Exception):  # noqa: N818 - the field's name for it (arroyo, Beam)
    """A message that no attempt can make right. `reason` is from the closed set of dead-letter reasons."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@cache
def event_type(model: type[Event]) -> str:
    """The CloudEvents type of a model; its last part is the major version of the contract."""
    return f"nativefax.{model.__name__}.v1"


def encode(event: Event, *, source: str, at: datetime) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The value and headers of `event`.

    The id is a digest of type and content, so an event published again is the same event.

    Raises:
        ValueError: The event is over 16 KiB: something put content where a key belongs.
    """
    value = event.model_dump_json(exclude_none=True).encode()
    if len(value) > MESSAGE_LIMIT:
        raise ValueError(f"{type(event).__name__} has {len(value)} bytes; a message has at most {MESSAGE_LIMIT}")
    kind = event_type(type(event)).encode()
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", content_id(kind, value).encode()),
        ("ce_source", f"nativefax/{source}".encode()),
        ("ce_type", kind),
        ("ce_time", at.isoformat().encode()),
        ("content-type", CONTENT_TYPE.encode()),
    ]
    return value, headers


def decode(topic: Topic, headers: Headers, value: bytes | None) -> Event:
    """The event of one message of `topic`.

    Raises:
        InvalidMessage: It can't be read; the reason says why, and its detail never quotes values.
    """
    model = _model(topic, headers)
    if value is None:
        raise InvalidMessage("malformed-json", "the message has no value")
    if len(value) > MESSAGE_LIMIT:
        raise InvalidMessage("message-too-large", f"{len(value)} bytes; the limit is {MESSAGE_LIMIT}")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise _invalid(error) from error


def _model(topic: Topic, headers: Headers) -> type[Event]:
    attributes = dict(headers)
    named = attributes.get("ce_type")
    if attributes.get("ce_specversion") != SPEC_VERSION or named is None:
        raise InvalidMessage("malformed-headers", "ce_specversion 1.0 and ce_type are needed (CloudEvents binary mode)")
    model = _models(topic).get(named)
    if model is None:
        if not named.isascii():
            raise InvalidMessage("malformed-headers", "ce_type is not ASCII")
        carried = ", ".join(event_type(model) for model in topic.events)
        raise InvalidMessage("unknown-event-type", f"{topic.name} carries {carried}")
    return model


@cache
def _models(topic: Topic) -> dict[bytes, type[Event]]:
    return {event_type(model).encode(): model for model in topic.events}


def _invalid(error: ValidationError) -> InvalidMessage:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return InvalidMessage("malformed-json", "the value is not JSON")
    told = [f"{json.dumps('.'.join(map(str, one['loc'])))[:80]}: {one['type']}" for one in problems[:5]]
    return InvalidMessage("schema-violation", "; ".join(told))
