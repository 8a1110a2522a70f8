"""A stage that is at a fax while a person deletes it (docs/adr/0007).

Retention first writes that the fax is deleted, then looks what there is and deletes that. So whoever writes of a fax,
and then looks whether it is deleted, leaves nothing behind: one of the two sees the other.
"""

from datetime import datetime
from uuid import UUID

from schemas.keys import fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.decision import decision_key, was_deleted


async def cleared(blobs: Blobs, accepted_at: datetime, fax_id: UUID) -> bool:
    """Whether the fax was deleted meanwhile; then what the caller, or anybody, wrote of it since is deleted too.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    if not await was_deleted(blobs, accepted_at, fax_id):
        return False
    note = decision_key(accepted_at, fax_id)
    for key in await blobs.keys(fax_prefix(accepted_at, fax_id)):
        if key != note:
            await blobs.delete(key)
    return True
