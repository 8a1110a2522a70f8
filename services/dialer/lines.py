"""How many more calls telephony may be asked for: a pure decision."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Trunk:
    """What is known of telephony.

    Attributes:
        held: Lines that may be in use.
        requested: Calls that were asked for and may still be going on.
        silent_since: When the last attempt was found that had no result by its deadline; None: there is none.
        heard_at: When telephony last told a result.
    """

    held: int
    requested: int
    silent_since: datetime | None
    heard_at: datetime | None

    def free(self, lines: int) -> int:
        """How many of `lines` may be used now.

        Telephony that lets deadlines pass and tells nothing since is probably away: then only one call at a time is
        asked for, so that an outage puts few faxes in doubt. Its first answer ends that.
        """
        left = lines - self.held
        if self.silent_since and (self.heard_at is None or self.heard_at < self.silent_since):
            left = min(left, 1 - self.requested)
        return max(left, 0)
