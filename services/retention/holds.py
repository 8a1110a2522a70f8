"""What is on hold, as retention asks it."""

from collections.abc import Sequence
from typing import Protocol

from schemas.retention import HoldChanged
from services.retention.domain import Facts


class Holds(Protocol):
    """What may not be deleted."""

    @property
    def held(self) -> Sequence[HoldChanged]:
        """The holds that are set, by scope."""

    async def read_to_end(self) -> None:
        """Know every hold that is set by now; raises `DependencyAway` when that can't be known."""


def cover(holds: Sequence[HoldChanged], fax: Facts) -> bool:
    """Whether the fax is on hold; one whose owner can't be read is, as long as any account or domain is."""
    scopes = {one.scope for one in holds}
    by_owner = any(not scope.startswith("fax:") for scope in scopes)
    return bool(scopes & fax.scopes) or (by_owner and not fax.owner_known)
