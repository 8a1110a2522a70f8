"""Acceptance: the first effect of every fax, which fixes its content and its date (docs/adr/0003)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from schemas.identity import colliding_fax_id
from schemas.keys import accepted_key
from services._runtime.blobs import Blobs, write_once
from services._runtime.claims import JSON, utc_now


class Accepted(BaseModel):
    """What `accepted/<fax id>` says: the fax's content and its date, read back ever after."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    accepted_at: AwareDatetime


@dataclass(frozen=True)
class Acceptance:
    """The answer: the fax's id and date.

    Attributes:
        fax_id: The id to use, which differs from the asked one if that was taken by another document.
        accepted_at: The fax's date.
        repeat: The same document was accepted before.
        collided: The source key had been used for another document: worth an alarm.
    """

    fax_id: UUID
    accepted_at: datetime
    repeat: bool
    collided: bool = False


class SourceKeyReused(Exception):  # noqa: N818 - it says what happened
    """Another document was accepted under the same source key."""


async def accept(
    blobs: Blobs, fax_id: UUID, sha256: str, now: Callable[[], datetime] = utc_now, *, refuse_other: bool = False
) -> Acceptance:
    """Accept a document under `fax_id`, or find that it was.

    Another document under the same key is a fax of its own, unless `refuse_other`.

    Raises:
        DependencyAway: The store doesn't answer.
        SourceKeyReused: `refuse_other`, and there was another document.
    """
    found, repeat = await _write_or_read(blobs, fax_id, sha256, now)
    if found.sha256 == sha256:
        return Acceptance(fax_id, found.accepted_at, repeat)
    if refuse_other:
        raise SourceKeyReused
    other = colliding_fax_id(fax_id, sha256)
    found, repeat = await _write_or_read(blobs, other, sha256, now)
    return Acceptance(other, found.accepted_at, repeat, collided=True)


async def accepted_when(blobs: Blobs, fax_id: UUID) -> datetime | None:
    """The date of a fax that was accepted, if it was.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    raw = await blobs.get(accepted_key(fax_id))
    return None if raw is None else Accepted.model_validate_json(raw).accepted_at


async def _write_or_read(blobs: Blobs, fax_id: UUID, sha256: str, now: Callable[[], datetime]) -> tuple[Accepted, bool]:
    mine = Accepted(sha256=sha256, accepted_at=now())
    first = await write_once(blobs, accepted_key(fax_id), mine.model_dump_json().encode(), JSON)
    return (mine, False) if first is None else (Accepted.model_validate_json(first), True)
