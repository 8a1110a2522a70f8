"""Moving a fax below ``held/`` and back: copied within the store, checked, and only then deleted where it was."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.keys import HELD, accepted_key
from services._runtime.claims import Claims, Held
from services.retention.adapters import Bucket
from services.retention.files import File
from services.retention.remains import Remains

MOVES = "retention/moves/"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mover:
    """Moves whole faxes: documents, decision, claims and acceptance, each key with ``held/`` before it.

    A claim for each fax keeps two workers, of which one knows of a newer change, from moving it both ways at once.
    Killed at any point, the next sweep copies again and goes on.
    """

    bucket: Bucket
    claims: Claims

    async def set_aside(self, fax: Remains) -> bool:
        """Move a fax below ``held/``; False if another worker is at it or the copies aren't right.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        acceptance = await self.bucket.all_of([accepted_key(fax.fax_id)])
        return await self._move(fax.fax_id, [*acceptance, *fax.in_place], to_held=True)

    async def bring_back(self, fax: Remains) -> bool:
        """Move a fax back under the date it had; False if another worker is at it or the copies aren't right.

        Raises:
            DependencyAway: The store doesn't answer.
        """
        acceptance = await self.bucket.all_of([f"{HELD}{accepted_key(fax.fax_id)}"])
        return await self._move(fax.fax_id, [*acceptance, *fax.held], to_held=False)

    async def _move(self, fax_id: UUID, files: Sequence[File], *, to_held: bool) -> bool:
        prefix = f"{MOVES}{fax_id}/"
        claim = await self.claims.take(prefix)
        if not isinstance(claim, Held):
            return False
        moved = await self._copied(files, to_held=to_held) and not await self.bucket.delete(files)
        if not moved:
            log.error("a fax was not moved", extra={"fax": str(fax_id), "to_held": to_held})
        generations = [f"{prefix}{number}" for number in range(1, claim.generation + 1)]
        await self.bucket.delete(await self.bucket.all_of(generations))
        return moved

    async def _copied(self, files: Sequence[File], *, to_held: bool) -> bool:
        for file in (file for file in files if file.readable):
            await self.bucket.copy(file.key, _moved(file.key, to_held=to_held))
            copy = await self.bucket.find(_moved(file.key, to_held=to_held))
            if copy is None or not copy.same_bytes(file):
                return False
        return True


def _moved(key: str, *, to_held: bool) -> str:
    return HELD + key if to_held else key.removeprefix(HELD)
