"""What retention did and found when it planned last, for operators; it says nothing of a fax's content."""

from typing import Final

from pydantic import Field, ValidationError

from schemas.base import Frozen, Instant
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON

REPORT: Final = "retention/report.json"
"""Where the newest is kept."""


class RetentionReport(Frozen):
    """One day's planning.

    Attributes:
        at: When it was done.
        tasks: Days that were handed out to be swept.
        verified: Whether the store was verified before.
        off: How much isn't as it should be.
        counts: Every count of the verification, by its name.
        examples: Some keys of what is off.
    """

    at: Instant
    tasks: int
    verified: bool = False
    off: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    examples: tuple[str, ...] = ()


async def write_report(blobs: Blobs, report: RetentionReport) -> None:
    """Keep it in place of the one before.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    await blobs.put(REPORT, report.model_dump_json().encode(), JSON)


async def read_report(blobs: Blobs) -> RetentionReport | None:
    """The newest; None if nothing was planned yet, or it was written by another release.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    raw = await blobs.get(REPORT)
    try:
        return None if raw is None else RetentionReport.model_validate_json(raw)
    except ValidationError:
        return None
