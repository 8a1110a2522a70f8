"""Write the machine-readable contract: JSON Schema of each event, an AsyncAPI 3.0 document, the closed sets.

python -m schemas.generate          write schemas/generated/ and the README's table
python -m schemas.generate --check  fail if what is checked in is not what the models say
"""

import json
import sys
from pathlib import Path
from typing import Any, get_args

from schemas.base import Event
from schemas.envelope import CONTENT_TYPE, event_type
from schemas.failures import DeadLetterReason, FaxFailure, RetryReason
from schemas.topics import TOPICS, Topic

GENERATED = Path(__file__).parent / "generated"
README = Path(__file__).parents[1] / "README.md"
TABLE_START = "<!-- topics: made by `python -m schemas.generate` -->"
TABLE_END = "<!-- /topics -->"
CLOSED_SETS = {"DeadLetterReason": DeadLetterReason, "FaxFailure": FaxFailure, "RetryReason": RetryReason}
"""The closed sets of failures; not all of them occur in an event, so they have a file of their own."""


def json_schema(model: type[Event]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one event."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: a channel for each topic, a message for each event."""
    events = [event for topic in TOPICS for event in topic.events]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Native Fax",
            "version": "1.0.0",
            "description": "Every step of a fax, as events on Kafka. CloudEvents 1.0, binary content mode.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(entry for topic in TOPICS for entry in _operations(topic)),
        "components": {"messages": {event.__name__: _message(event) for event in events}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    kept = {"cleanup.policy": ["compact"]} if topic.compacted else {"retention.ms": topic.retention_ms}
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. From {', '.join(topic.producers)} to {', '.join(topic.readers)}.",
        "x-key": topic.key,
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in topic.events},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": kept, "bindingVersion": "0.5.0"}},
    }


def _operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    sends = [(f"{who}.sends.{topic.name}", {"action": "send", "channel": channel}) for who in topic.producers]
    return sends + [
        (f"{who}.receives.{topic.name}", {"action": "receive", "channel": channel}) for who in topic.readers
    ]


def _message(event: type[Event]) -> dict[str, Any]:
    attributes = {"ce_specversion": {"const": "1.0"}, "ce_type": {"const": event_type(event)}}
    free = {name: {"type": "string"} for name in ("ce_id", "ce_source", "ce_time")}
    return {
        "name": event_type(event),
        "summary": (event.__doc__ or "").splitlines()[0],
        "contentType": CONTENT_TYPE,
        "headers": {"type": "object", "required": ["ce_specversion", "ce_type"], "properties": attributes | free},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": {"$ref": f"./{event.__name__}.json"},
        },
    }


def topic_table() -> str:
    """The README's table of topics, in pipeline order."""
    rows = [
        f"| {topic.name} | {topic.key} | {', '.join(topic.producers)} | {', '.join(topic.readers)} |"
        for topic in TOPICS
    ]
    return "\n".join(["| topic | key | producers | consumers |", "|---|---|---|---|", *rows])


def readme() -> str:
    """The README with its table as the topics say."""
    before, start, rest = README.read_text().partition(TABLE_START)
    _, end, after = rest.partition(TABLE_END)
    return f"{before}{start}\n{topic_table()}\n{end}{after}"


def files() -> dict[Path, str]:
    """Every generated file's name and text."""
    contents: dict[str, Any] = {
        f"{event.__name__}.json": json_schema(event) for topic in TOPICS for event in topic.events
    }
    contents["asyncapi.json"] = asyncapi()
    contents["failures.json"] = {name: list(get_args(closed)) for name, closed in CLOSED_SETS.items()}
    texts = {GENERATED / name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in contents.items()}
    return texts | {README: readme()}


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` compare them; the exit status says whether they match."""
    GENERATED.mkdir(exist_ok=True)
    wanted = files()
    present = {path: path.read_text() for path in (*GENERATED.glob("*.json"), README)}
    stale = sorted(path.name for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if "--check" in arguments:
        if stale:
            sys.stderr.write(f"Stale: {', '.join(stale)}. Run: python -m schemas.generate\n")
        return bool(stale)
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
