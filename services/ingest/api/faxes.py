"""The faxes of an account: from the history, and what was submitted a moment ago from the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from schemas.decision import Decision
from schemas.fax import FaxStatusChanged, FaxSubmitted
from schemas.keys import DIALLED, DOCUMENT, ORIGINAL, SUBMISSION, accepted_key, fax_prefix
from services._runtime.acceptance import Accepted
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.decision import decision_key
from services._runtime.expiry import is_expired
from services._runtime.history import FaxRow
from services.ingest.api.domain import first_row, first_step, moved
from services.ingest.api.history import History
from services.ingest.api.problems import Refused

Kind = Literal["pdf", "tiff"]


@dataclass(frozen=True)
class Found:
    """A fax, and the step of its decision if the history doesn't know that yet."""

    row: FaxRow
    unseen: FaxStatusChanged | None = None


@dataclass(frozen=True)
class Faxes:
    """Finds faxes. One of another account is not found, as if there were none."""

    blobs: Blobs
    history: History
    now: Callable[[], datetime] = utc_now

    async def find(self, account_id: str, fax_id: UUID) -> Found:
        """A fax as it is now, a cancellation included that the history doesn't know yet.

        Raises:
            Refused: The account has no such fax.
            DependencyAway: The store or the history doesn't answer.
        """
        row = await self.history.fax(fax_id)
        if row is None:
            submission = await self.submission(fax_id)
            row = first_row(submission) if submission else None
        if row is None or row.account_id != account_id:
            raise Refused("no-such-fax")
        decided = await self._decided(row)
        return Found(moved(row, decided), decided) if decided and decided.version > row.version else Found(row)

    async def steps(self, found: Found) -> Sequence[FaxStatusChanged]:
        """Its steps, oldest first, with those that the history doesn't know yet."""
        steps = list(await self.history.steps(found.row.fax_id))
        if not steps and (submission := await self.submission(found.row.fax_id)):
            steps = [first_step(submission)]
        unseen = found.unseen
        new = unseen is not None and all(one.version < unseen.version for one in steps)
        return [*steps, unseen] if new and unseen else steps

    async def submission(self, fax_id: UUID) -> FaxSubmitted | None:
        """What was submitted, if it was, and isn't too old to be kept."""
        raw = await self.blobs.get(accepted_key(fax_id))
        if raw is None:
            return None
        accepted_at = Accepted.model_validate_json(raw).accepted_at
        if is_expired(accepted_at, self.now()):
            return None
        raw = await self.blobs.get(fax_prefix(accepted_at, fax_id) + SUBMISSION)
        return None if raw is None else FaxSubmitted.model_validate_json(raw)

    async def document(self, row: FaxRow, kind: Kind) -> bytes:
        """The pages of a fax: as a PDF, or the TIFF that was received or is dialled.

        Raises:
            Refused: They are not made yet, could not be made, or are gone.
        """
        name = DOCUMENT if kind == "pdf" else ORIGINAL if row.direction == "received" else DIALLED
        data = await self.blobs.get(fax_prefix(row.accepted_at, row.fax_id) + name)
        if data is None:
            raise Refused("no-document")
        return data

    async def _decided(self, row: FaxRow) -> FaxStatusChanged | None:
        """The step of a decision about a sent fax that the row may not show yet."""
        if row.direction != "sent" or row.state not in {"accepted", "ready"}:
            return None
        raw = await self.blobs.get(decision_key(row.accepted_at, row.fax_id))
        return None if raw is None else Decision.model_validate_json(raw).status
