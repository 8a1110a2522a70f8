"""The contract holds what it says: golden examples, generated files, and nothing that would break who reads us."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]

from schemas import generate
from schemas.base import Event
from schemas.compatibility import RELEASED, breaking_changes, read_contract
from schemas.envelope import decode, encode, event_type
from schemas.topics import TOPICS, topic_of

EXAMPLES = Path(generate.__file__).parent / "examples"
EVENTS = [event for topic in TOPICS for event in topic.events]
TOPIC = {topic.name: topic for topic in TOPICS}
ASYNCAPI: dict[str, Any] = generate.asyncapi()


def example(event: type[Event]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EXAMPLES / f"{event.__name__}.json").read_text())
    return read


def test_every_event_has_an_example_and_no_example_is_left_over() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.json")} == {event.__name__ for event in EVENTS}


def test_each_event_belongs_to_one_topic() -> None:
    assert len(EVENTS) == len(set(EVENTS)) == len({event_type(event) for event in EVENTS})


@pytest.mark.parametrize("event", EVENTS)
def test_an_example_decodes_and_encodes_to_the_same(event: type[Event]) -> None:
    golden = example(event)
    topic = TOPIC[golden["topic"]]
    headers = [(name, text.encode()) for name, text in golden["headers"].items()]
    decoded = decode(topic, headers, json.dumps(golden["value"]).encode())
    assert type(decoded) is event
    source = golden["headers"]["ce_source"].removeprefix("nativefax/")
    value, again = encode(decoded, source=source, at=datetime.fromisoformat(golden["headers"]["ce_time"]))
    assert json.loads(value) == golden["value"]
    assert again == headers
    assert topic is topic_of(event)
    assert topic.key_of(decoded) == golden["key"].encode()
    assert source in topic.producers


@pytest.mark.parametrize("event", EVENTS)
def test_an_example_fits_the_generated_schema(event: type[Event]) -> None:
    schema = generate.json_schema(event)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example(event)["value"])


@pytest.mark.parametrize("event", EVENTS)
def test_an_example_shows_what_the_event_is_for(event: type[Event]) -> None:
    """At least two thirds of the fields of each event, so that a reader sees them filled."""
    shown = example(event)["value"].keys()
    assert len(shown) >= len(event.model_fields) * 2 / 3, event.model_fields.keys() - shown


def test_generated_files_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate.main(["--check"]) == 0


def test_a_stale_generated_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text((Path(generate.__file__).parents[1] / "README.md").read_text())
    monkeypatch.setattr(generate, "GENERATED", tmp_path)
    monkeypatch.setattr(generate, "README", readme, raising=False)
    assert generate.main([]) == 0
    (tmp_path / "FaxExpired.json").write_text("{}")
    assert generate.main(["--check"]) == 1
    (tmp_path / "Invented.json").write_text("{}")
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_nothing_breaks_what_was_released() -> None:
    assert breaking_changes(read_contract(RELEASED), read_contract(generate.GENERATED)) == []


# AsyncAPI 3.0.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0), the parts that our document uses.


def test_asyncapi_has_the_required_fields() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= ASYNCAPI["info"].keys()
    known = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"}
    assert ASYNCAPI.keys() <= known


def test_asyncapi_has_a_channel_for_each_topic_in_order() -> None:
    assert list(ASYNCAPI["channels"]) == [topic.name for topic in TOPICS]
    allowed = {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "bindings"}
    for channel in ASYNCAPI["channels"].values():
        assert {name for name in channel if not name.startswith("x-")} <= allowed
        assert channel["messages"]


def test_asyncapi_operations_name_an_action_and_a_channel() -> None:
    for topic in TOPICS:
        for action, who in [("send", topic.producers), ("receive", topic.readers)]:
            for stage in who:
                operation = ASYNCAPI["operations"][f"{stage}.{action}s.{topic.name}"]
                assert operation["action"] == action
                assert operation["channel"] == {"$ref": f"#/channels/{topic.name}"}
    assert len(ASYNCAPI["operations"]) == sum(len(topic.producers) + len(topic.readers) for topic in TOPICS)


def test_asyncapi_kafka_bindings() -> None:
    """Kafka Channel Binding 0.5.0: `cleanup.policy` is an array, `retention.ms` a number."""
    for topic in TOPICS:
        binding = ASYNCAPI["channels"][topic.name]["bindings"]["kafka"]
        assert binding.keys() <= {"topic", "partitions", "replicas", "topicConfiguration", "bindingVersion"}
        configured = binding["topicConfiguration"]
        assert configured.get("cleanup.policy", []) in ([], ["compact"])
        assert isinstance(configured.get("retention.ms", 0), int)


def test_asyncapi_references_lead_somewhere() -> None:
    found = list(references(ASYNCAPI))
    assert found
    for reference in found:
        if reference.startswith("#/"):
            place: Any = ASYNCAPI
            for step in reference[2:].split("/"):
                place = place[step]
        else:
            assert (generate.GENERATED / reference).resolve().is_file()


@pytest.mark.parametrize("event", EVENTS)
def test_payloads_mean_the_same_in_the_draft_that_asyncapi_tools_know(event: type[Event]) -> None:
    """`schemaFormat` says draft-07, which every AsyncAPI tool must take; the files say 2020-12."""
    schema = {**generate.json_schema(event), "$schema": "http://json-schema.org/draft-07/schema#"}
    Draft7Validator.check_schema(schema)
    Draft7Validator(schema).validate(example(event)["value"])
    newer = {"prefixItems", "unevaluatedProperties", "unevaluatedItems", "dependentSchemas", "$dynamicRef"}
    for part in objects(schema):
        assert not newer & part.keys()
        if "$ref" in part:  # draft-07 reads nothing beside a $ref
            assert part.keys() <= {"$ref", "description", "default", "title"}


def references(part: Any) -> Iterator[str]:
    for one in objects(part):
        if isinstance(one.get("$ref"), str):
            yield one["$ref"]


def objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from objects(value)
