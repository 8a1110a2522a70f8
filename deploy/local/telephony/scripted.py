"""Calls from the shelf: received files of earlier real calls, for machines without libspandsp."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from deploy.local.telephony.line import CallResult, Line

SHELF = Path(__file__).parents[3] / "tests" / "data"
"""Holds expected.json, which lists every stored call; tests/data/README.md describes it."""


class NotRecordedError(Exception):
    """The page was never sent in a stored call."""


@dataclass(frozen=True)
class StoredCall:
    """A call of the past: the page file's name, the line it went over, its report and the file it left."""

    page: str
    line: Line
    result: CallResult
    received_file: Path


def stored_calls(shelf: Path = SHELF) -> Iterator[StoredCall]:
    """Every call on the shelf."""
    entries: dict[str, dict[str, Any]] = json.loads((shelf / "expected.json").read_text())
    for name, entry in entries.items():
        if call := entry.get("call"):
            yield TypeAdapter(StoredCall).validate_python({**call, "received_file": shelf / name})


def nearest_call(page_file: Path, line: Line, shelf: Path = SHELF) -> StoredCall:
    """The stored call of this page whose line is most like `line`; noise and a hang-up count above all.

    The page is known by its file name alone.

    Raises:
        NotRecordedError: The page was never sent in a stored call.
    """
    calls = [call for call in stored_calls(shelf) if call.page == page_file.name]
    if not calls:
        raise NotRecordedError(f"no stored call in {shelf} sent {page_file.name}")
    return max(calls, key=lambda call: _likeness(call.line, line))


def _likeness(one: Line, other: Line) -> tuple[int, int]:
    noise = (one.hits is None) == (other.hits is None)
    hang_up = (one.hang_up_after_s is None) == (other.hang_up_after_s is None)
    same = sum(getattr(one, field.name) == getattr(other, field.name) for field in fields(Line))
    return noise + hang_up, same
