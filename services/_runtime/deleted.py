"""A stage that is at a fax while a person deletes it (docs/adr/0007).

Retention first writes that the fax is deleted, then looks what there is and deletes that. So whoever writes of a fax,
looks whether it is deleted only then, and asks for the deletion again, leaves nothing: one of the two sees the other.
"""

from datetime import datetime
from uuid import UUID

from schemas.decision import DELETED
from schemas.retention import DeletionRequested
from services._runtime.blobs import Blobs
from services._runtime.decision import stored_decision

AGAIN = "a stage that was at the fax"


async def deletion_again(
    blobs: Blobs, accepted_at: datetime, fax_id: UUID, now: datetime, *, upload: str | None = None
) -> DeletionRequested | None:
    """What asks for the deletion of a fax that a person deleted, once more; None if nobody did.

    `upload`: telephony's, which came of it since.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    note = await stored_decision(blobs, accepted_at, fax_id)
    if note is None or note.rule != DELETED or note.account_id is None:
        return None
    return DeletionRequested(
        fax_id=fax_id,
        accepted_at=accepted_at,
        account_id=note.account_id,
        by=AGAIN,
        requested_at=now,
        upload=upload,
    )
