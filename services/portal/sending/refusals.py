"""Why a fax can't be sent as it is, beside the field that it is about. Pure."""

from dataclasses import dataclass
from typing import Literal

Field = Literal["account", "to", "files", "subject", "cover_text", "resolution", "draft"]
"""A field of the form; `draft` is none by itself."""


@dataclass(frozen=True)
class Refusal:
    """One reason, in words that say what to do."""

    field: Field
    words: str


@dataclass(frozen=True)
class Refused:
    """The reasons; at least one. Whatever they are, the draft is kept."""

    refusals: tuple[Refusal, ...]

    def of(self, field: Field) -> tuple[Refusal, ...]:
        """What to show beside a field."""
        return tuple(one for one in self.refusals if one.field == field)
