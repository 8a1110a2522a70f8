"""How many more calls telephony may be asked for: a pure decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PROBE: Final = timedelta(minutes=5)
"""How often silent telephony is asked for one more call: a probe may be a long fax, and the others can't wait."""


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

    def free(self, lines: int, now: datetime) -> int:
        """How many of `lines` may be used now.

        Telephony that lets deadlines pass and tells nothing since is probably away: then only one call is asked for,
        and one more every five minutes, so that an outage puts few faxes in doubt. Its first answer ends that.
        """
        left = lines - self.held
        if self.silent_since and (self.heard_at is None or self.heard_at < self.silent_since):
            probes = 1 + (now - self.silent_since) // PROBE
            left = min(left, probes - self.requested)
        return max(left, 0)
