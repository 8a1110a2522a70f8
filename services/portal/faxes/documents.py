"""The documents of a fax, as they are kept beside it."""

from dataclasses import dataclass

from pydantic import ValidationError

from schemas.decision import RELEASED, Decision
from schemas.keys import DECISION, DIALLED, DOCUMENT, ORIGINAL, RELEASE, THUMBNAIL, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.decision import decision_key
from services._runtime.history import FaxRow


@dataclass(frozen=True)
class Documents:
    """The keys of what is kept; None is not there, or not yet.

    Attributes:
        pdf: The fax to read.
        tiff: Of a received fax what came over the line, of a sent one the very pages that are dialled.
        thumbnail: A small picture of the first page.
    """

    pdf: str | None = None
    tiff: str | None = None
    thumbnail: str | None = None


def shown_key(row: FaxRow) -> str:
    """Where the document is whose pages are shown: of a sent fax the very pages dialled, of a received one its PDF."""
    return fax_prefix(row.accepted_at, row.fax_id) + (DIALLED if row.direction == "sent" else DOCUMENT)


async def documents_of(blobs: Blobs, row: FaxRow) -> Documents:
    """What is kept of a fax.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    prefix = fax_prefix(row.accepted_at, row.fax_id)
    there = frozenset(await blobs.keys(prefix))

    def kept(name: str) -> str | None:
        return prefix + name if prefix + name in there else None

    return Documents(kept(DOCUMENT), kept(DIALLED if row.direction == "sent" else ORIGINAL), kept(THUMBNAIL))


async def thumbnail_of(blobs: Blobs, row: FaxRow) -> bytes | None:
    """The small picture of the first page, a PNG; None if there is none yet.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    return await blobs.get(fax_prefix(row.accepted_at, row.fax_id) + THUMBNAIL)


async def decision_of(blobs: Blobs, row: FaxRow) -> Decision | None:
    """Why the fax went where it went; None if nothing is decided, or not in words that this release reads.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    name = RELEASE if row.rule == RELEASED else DECISION
    stored = await blobs.get(decision_key(row.accepted_at, row.fax_id, name))
    try:
        return Decision.model_validate_json(stored) if stored else None
    except ValidationError:
        return None
