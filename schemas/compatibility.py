"""What may change in the contract, and what may not.

Consumers refuse unknown fields, so **consumers are deployed before producers**: a new consumer must take everything
that an old producer sends. A change is breaking if a message that the released contract allows would be refused by
the new one, or would be looked for elsewhere:

- a field was removed, or a new or optional one became required
- a type, enumeration, bound, pattern or format allows less than it did (a changed pattern counts as narrower: nobody
  can tell whether it is)
- a topic was removed, its key was changed, or it carries an event no more
- an event's CloudEvents type was renamed
- a closed set of failures lost a member: stored decisions, claims and dead letters still name it

A new optional field, event, topic or member of a set is fine. A rule that only code knows (a validator that JSON
Schema can't express) is not seen here. What has to break gets a new event with a new type, beside the old one, until
the topic's retention has passed.

`schemas/released/v1` is the contract as it was released; a released file is never edited. (Until version 0.1.0 is
published it is a draft: whoever breaks it on purpose copies `schemas/generated` over it in the same commit.)
Run ``python -m schemas.compatibility`` to compare.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.generate import GENERATED
from schemas.narrowing import narrowed

RELEASED = Path(__file__).parent / "released" / "v1"
ASYNCAPI, FAILURES = "asyncapi.json", "failures.json"

Contract = Mapping[str, Any]
"""File name → content, as in `schemas/generated`."""


def read_contract(folder: Path) -> dict[str, Any]:
    """The contract in a folder."""
    return {file.name: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def breaking_changes(old: Contract, new: Contract) -> list[str]:
    """Every reason why `new` can't follow `old`; empty if it can."""
    return [
        *_topics(old[ASYNCAPI], new[ASYNCAPI]),
        *_closed_sets(old[FAILURES], new[FAILURES]),
        *_events(old, new),
    ]


def _topics(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, channel in old["channels"].items():
        now = new["channels"].get(name)
        if now is None:
            yield f"topic {name} was removed"
            continue
        if now["x-key"] != channel["x-key"]:
            yield f"topic {name}: the key was {channel['x-key']} and is {now['x-key']}"
        for event in channel["messages"].keys() - now["messages"].keys():
            yield f"topic {name} carries {event} no more"
    for event, message in old["components"]["messages"].items():
        now = new["components"]["messages"].get(event)
        if now is not None and now["name"] != message["name"]:
            yield f"{event}: the type was {message['name']} and is {now['name']}"


def _closed_sets(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> Iterator[str]:
    for name, members in old.items():
        for gone in sorted(set(members) - set(new.get(name, ()))):
            yield f"{name} lost {gone}"


def _events(old: Contract, new: Contract) -> Iterator[str]:
    for name in sorted(old.keys() - {ASYNCAPI, FAILURES}):
        if name not in new:
            yield f"event {name.removesuffix('.json')} was removed"
        else:
            yield from narrowed(old[name], new[name], name.removesuffix(".json"))


def main() -> int:
    """Compare the generated contract with the released one; the exit status says whether it may follow."""
    found = breaking_changes(read_contract(RELEASED), read_contract(GENERATED))
    for change in found:
        sys.stderr.write(f"breaking: {change}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
