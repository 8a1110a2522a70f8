"""CloudEvents 1.0 in Kafka's binary content mode: attributes as ``ce_`` headers, the event as JSON in the value.

Source: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from schemas.base import Event
from schemas.failures import DeadLetterReason
from schemas.identity import stable_id
from schemas.topics import MESSAGE_LIMIT, Topic

Headers = Sequence[tuple[str, bytes]]

CONTENT_TYPE = "application/json"
SPEC_VERSION = "1.0"


class InvalidMessage(Exception):  # noqa: N818 - the field's name for it (arroyo, Beam)
    """A message that no attempt can make right. `reason` is from the closed set of dead-letter reasons."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


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
    name = event_type(type(event))
    attributes = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(stable_id(name, value.decode())),
        "ce_source": f"nativefax/{source}",
        "ce_type": name,
        "ce_time": at.isoformat(),
        "content-type": CONTENT_TYPE,
    }
    return value, [(header, text.encode()) for header, text in attributes.items()]


def read_headers(headers: Headers) -> dict[str, str]:
    """Headers as text.

    Raises:
        InvalidMessage: A header that we read is not UTF-8.
    """
    try:
        return {name: value.decode() for name, value in headers if name.startswith(("ce_", "content-type"))}
    except UnicodeDecodeError as error:
        raise InvalidMessage("malformed-headers", "a CloudEvents header is not UTF-8") from error


def decode(topic: Topic, headers: Headers, value: bytes | None) -> Event:
    """The event of one message of `topic`.

    Raises:
        InvalidMessage: It can't be read; the reason says why, and its detail never quotes values.
    """
    model = _model(topic, read_headers(headers))
    if value is None:
        raise InvalidMessage("malformed-json", "the message has no value")
    if len(value) > MESSAGE_LIMIT:
        raise InvalidMessage("message-too-large", f"{len(value)} bytes; the limit is {MESSAGE_LIMIT}")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise _invalid(error) from error


def _model(topic: Topic, attributes: Mapping[str, str]) -> type[Event]:
    if attributes.get("ce_specversion") != SPEC_VERSION or "ce_type" not in attributes:
        raise InvalidMessage("malformed-headers", "ce_specversion 1.0 and ce_type are needed (CloudEvents binary mode)")
    for model in topic.events:
        if event_type(model) == attributes["ce_type"]:
            return model
    carried = ", ".join(event_type(model) for model in topic.events)
    raise InvalidMessage("unknown-event-type", f"{topic.name} carries {carried}")


def _invalid(error: ValidationError) -> InvalidMessage:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return InvalidMessage("malformed-json", "the value is not JSON")
    told = [f"{json.dumps('.'.join(map(str, one['loc'])))[:80]}: {one['type']}" for one in problems[:5]]
    return InvalidMessage("schema-violation", "; ".join(told))
