"""A fax that is there already, as the beginning of a draft: sent again, or forwarded."""

from dataclasses import dataclass

from pydantic import ValidationError

from schemas.fax import FaxSubmitted
from schemas.keys import DOCUMENT, SUBMISSION, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.display import fax_filename
from services._runtime.history import FaxRow
from services.portal.sending.domain import Typed
from services.portal.sending.drafts import Given


@dataclass(frozen=True)
class Beginning:
    """What a draft begins with: what it says, and its files."""

    typed: Typed
    files: tuple[Given, ...]


async def again(blobs: Blobs, row: FaxRow, zone: str) -> Beginning | None:
    """A sent fax as it was submitted. Without what was submitted, its pages; None if those are gone too.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    stored = await blobs.get(fax_prefix(row.accepted_at, row.fax_id) + SUBMISSION)
    submitted = _submitted(stored) if stored else None
    files = await _files(blobs, submitted) if submitted else None
    if submitted is None or files is None:
        made = await forwarded(blobs, row, zone)
        return Beginning(Typed(row.account_id or "", row.other_party or ""), made.files) if made else None
    return Beginning(
        Typed(
            account_id=submitted.account_id,
            to=submitted.destination,
            subject=submitted.subject,
            cover=submitted.cover is not None,
            cover_text=await _cover_text(blobs, submitted),
            resolution=submitted.resolution,
        ),
        files,
    )


async def forwarded(blobs: Blobs, row: FaxRow, zone: str) -> Beginning | None:
    """The pages of a fax, to nobody yet; None if there are none.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    data = await blobs.get(fax_prefix(row.accepted_at, row.fax_id) + DOCUMENT)
    if data is None:
        return None
    name = fax_filename(row.accepted_at, zone, row.other_party)
    return Beginning(Typed(row.account_id or ""), (Given(name, "application/pdf", data),))


def _submitted(stored: bytes) -> FaxSubmitted | None:
    try:
        return FaxSubmitted.model_validate_json(stored)
    except ValidationError:  # of another release
        return None


async def _files(blobs: Blobs, submitted: FaxSubmitted) -> tuple[Given, ...] | None:
    files = []
    for one in submitted.attachments:
        data = await blobs.get(one.document.key)
        if data is None:
            return None
        files.append(Given(one.filename, one.document.media_type, data))
    return tuple(files)


async def _cover_text(blobs: Blobs, submitted: FaxSubmitted) -> str:
    text = submitted.cover.text if submitted.cover else None
    stored = await blobs.get(text.key) if text else None
    return stored.decode("utf-8", "replace") if stored else ""
