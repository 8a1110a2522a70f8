"""What is on hold, as retention asks it."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.retention import HoldChanged
from services._runtime.outcomes import DependencyAway
from services.retention.domain import Facts

GOOD_SECONDS = 20.0
"""For so long what was read of the holds may be acted on. The portal waits longer before it calls one in force."""


class Holds(Protocol):
    """What may not be deleted."""

    @property
    def held(self) -> Sequence[HoldChanged]:
        """The holds that are set, by scope."""

    async def read_to_end(self) -> None:
        """Know every hold that is set by now; raises `DependencyAway` when that can't be known."""


async def read(holds: Holds) -> Callable[[], None]:
    """Read `holds` to their end; what comes back is to be called before each request that deletes.

    Raises:
        DependencyAway: They can't be known; and, when called, what was read is too old.
    """
    asked = time.monotonic()
    await holds.read_to_end()

    def still_good() -> None:
        if time.monotonic() >= asked + GOOD_SECONDS:
            raise DependencyAway("fax-holds", f"they were read more than {GOOD_SECONDS:.0f} s ago")

    return still_good


def cover(holds: Sequence[HoldChanged], fax: Facts) -> bool:
    """Whether the fax is on hold; one whose owner can't be read is, as long as any account or domain is."""
    scopes = {one.scope for one in holds}
    by_owner = any(not scope.startswith("fax:") for scope in scopes)
    return bool(scopes & fax.scopes) or (by_owner and not fax.owner_known)
