"""The far ends' log: `<folder>/calls.jsonl` has a line for the begin and the end of each call.

A line that a call began with tells how many calls its destination was in (`at_once`): more than one is a fault of
whoever dials, for a fax machine has one line.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.telephony import DialRequested
from services._runtime.claims import utc_now


@dataclass
class Journal:
    """Writes the log. One process writes; any may read."""

    file: Path
    _under_way: Counter[str] = field(default_factory=Counter)

    def began(self, request: DialRequested) -> int:
        """Note that a call begins; the number of calls that its destination is in now."""
        self._under_way[request.destination] += 1
        at_once = self._under_way[request.destination]
        self._note("began", request, at_once=at_once)
        return at_once

    def ended(self, request: DialRequested, **what: object) -> None:
        """Note how a call ended."""
        self._under_way[request.destination] -= 1
        self._note("ended", request, **what)

    def interrupted(self, request: DialRequested) -> None:
        """Note that a call was under way when the simulator died."""
        self._note("ended", request, interrupted=True)

    def _note(self, what: str, request: DialRequested, **more: object) -> None:
        line = {
            "what": what,
            "at": utc_now().isoformat(),
            "attempt_id": str(request.attempt_id),
            "fax_id": str(request.fax_id),
            "attempt": request.attempt,
            "destination": request.destination,
            **more,
        }
        with self.file.open("a") as log:
            log.write(json.dumps(line) + "\n")


def read(file: Path) -> list[dict[str, Any]]:
    """The log's lines; the last one is left out while it is being written."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def violations(file: Path) -> list[dict[str, Any]]:
    """The calls that came to a destination that was in a call already."""
    return [line for line in read(file) if line["what"] == "began" and line["at_once"] > 1]
