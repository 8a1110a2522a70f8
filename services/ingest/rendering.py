"""RenderRequested in, FaxRendered out: the pages of a submitted fax made anew for a machine that can't take them."""

from collections.abc import Awaitable, Callable

from schemas.base import StoredObject
from schemas.fax import FaxRendered, FaxSubmitted, RenderRequested
from schemas.keys import DIALLED_STANDARD, SUBMISSION, fax_prefix
from services._runtime.blobs import Blobs
from services.ingest.documents.sending import Refused, Sent

Remake = Callable[[FaxSubmitted], Awaitable[Sent | Refused]]
"""Makes the pages of a submission once more."""


async def rendered(event: RenderRequested, blobs: Blobs, remake: Remake) -> FaxRendered:
    """Make and store them; the same event gives the same object. Without a document if they can't be made.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    answer = FaxRendered(
        fax_id=event.fax_id,
        version=event.version,
        account_id=event.account_id,
        accepted_at=event.accepted_at,
        destination=event.destination,
    )
    prefix = fax_prefix(event.accepted_at, event.fax_id)
    submission = await blobs.get(prefix + SUBMISSION)
    if submission is None:
        return answer
    coarse = FaxSubmitted.model_validate_json(submission).model_copy(update={"resolution": "standard"})
    sent = await remake(coarse)
    if isinstance(sent, Refused):
        return answer
    document = StoredObject(key=prefix + DIALLED_STANDARD, size=len(sent.fax), media_type="image/tiff")
    await blobs.put(document.key, sent.fax, document.media_type)
    return answer.model_copy(update={"document": document, "pages": sent.pages})
