"""Decisions are made once: the first one stored counts, and is published ever after (docs/adr/0002)."""

from datetime import datetime
from uuid import UUID

from schemas.decision import DELETED, Decision
from schemas.keys import DECISION, fax_prefix
from services._runtime.blobs import Blobs, write_once
from services._runtime.claims import JSON


def decision_key(accepted_at: datetime, fax_id: UUID, name: str = DECISION) -> str:
    """Where the decision about a fax is stored; `name` may be `RELEASE`, of one that was set aside first."""
    return fax_prefix(accepted_at, fax_id) + name


async def decide_once(
    blobs: Blobs, accepted_at: datetime, fax_id: UUID, decision: Decision, name: str = DECISION
) -> Decision:
    """Store `decision` unless there is one; the one that counts.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    mine = decision.model_dump_json(exclude_none=True).encode()
    first = await write_once(blobs, decision_key(accepted_at, fax_id, name), mine, JSON)
    return decision if first is None else Decision.model_validate_json(first)


async def stored_decision(blobs: Blobs, accepted_at: datetime, fax_id: UUID, name: str = DECISION) -> Decision | None:
    """The decision that was made about a fax, if one was.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    raw = await blobs.get(decision_key(accepted_at, fax_id, name))
    return None if raw is None else Decision.model_validate_json(raw)


async def was_deleted(blobs: Blobs, accepted_at: datetime, fax_id: UUID) -> bool:
    """Whether a person deleted the fax (docs/adr/0007): what comes late of it ends as *expired*.

    Raises:
        DependencyAway: The store doesn't answer.
    """
    decision = await stored_decision(blobs, accepted_at, fax_id)
    return decision is not None and decision.rule == DELETED
