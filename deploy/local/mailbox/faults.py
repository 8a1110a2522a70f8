"""Misbehaviour the mail server can be told to show while it runs, so that tests can see the sender cope."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Faults:
    """What to do wrong; nothing by default. Patterns are regular expressions, searched in a recipient's address.

    Attributes:
        rcpt: Pattern → answer to RCPT, for instance ``{"^full@": "452 4.2.2 Mailbox full"}``.
        data: Pattern → answer after the final dot; the mail is not stored.
        hang_up: Pattern of recipients whose mail ends in a lost connection after the final dot, with no answer.
        hang_up_keeps: Whether a mail that ended so is stored nevertheless.
        size_limit: Bytes to advertise as SIZE and accept, from the next connection on.
        delay_seconds: Waited before each answer to RCPT and DATA.
    """

    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    hang_up: str | None = None
    hang_up_keeps: bool = True
    size_limit: int | None = None
    delay_seconds: float = 0.0

    def hangs_up_on(self, recipients: list[str]) -> bool:
        """Whether the connection is to be lost for a mail to `recipients`."""
        return self.hang_up is not None and any(re.search(self.hang_up, address) for address in recipients)


def answer_to(rules: dict[str, str], recipients: list[str]) -> str | None:
    """The answer of the first rule whose pattern is found in one of `recipients`."""
    return next(
        (answer for pattern, answer in rules.items() if any(re.search(pattern, address) for address in recipients)),
        None,
    )


def write_faults(state: Path, faults: Faults) -> None:
    """Have the server whose state folder is `state` show `faults` from its next command on."""
    partial = state / ".faults.json.new"
    partial.write_text(json.dumps(asdict(faults)))
    partial.replace(state / "faults.json")


def read_faults(state: Path) -> Faults:
    """The faults last written to `state`; none if there are none."""
    try:
        return Faults(**json.loads((state / "faults.json").read_text()))
    except FileNotFoundError:
        return Faults()
