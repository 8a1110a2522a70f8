"""Decisions are made once: the first one stored counts, and is published ever after (docs/adr/0002)."""

from datetime import datetime
from uuid import UUID

from schemas.decision import Decision
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON


def decision_key(accepted_at: datetime, fax_id: UUID) -> str:
    """Where the decision about a fax is stored."""
    return fax_prefix(accepted_at, fax_id) + DECISION


async def decide_once(blobs: Blobs, accepted_at: datetime, fax_id: UUID, decision: Decision) -> Decision:
    """Store `decision` unless there is one; the one that counts.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    key = decision_key(accepted_at, fax_id)
    while not await blobs.create(key, decision.model_dump_json(exclude_none=True).encode(), JSON):
        raw = await blobs.get(key)
        if raw is not None:
            return Decision.model_validate_json(raw)
    return decision
