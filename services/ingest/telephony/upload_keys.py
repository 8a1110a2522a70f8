"""Where a switch's file is put below ``incoming/``."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from schemas.keys import INCOMING, day_prefix

BACK: Final = timedelta(days=13)
AHEAD: Final = timedelta(days=1)
"""How far a switch's date may be from ours: the sweep of uploads looks for a fax from the day before its upload's date
to 15 days after it."""

LONGEST_PART: Final = 150
"""Characters of a switch's or a call's id; two of them and the rest fit into a key of 500."""

_SAFE: Final = re.compile(rb"[A-Za-z0-9_@:+.-]")
_DOTS: Final = re.compile(r"(?<=\.)\.|^\.|\.$")


def upload_key(switch_id: str, call_id: str, ordinal: int, day: datetime, digest: str) -> str:
    """Where the file of a fax goes: for the same file of the same call always the same place.

    Another file under the same call doesn't overwrite the first, for it has another digest: both become faxes.
    """
    name = f"{_part(call_id)}-{ordinal}-{digest[:16]}.tif"
    return f"{day_prefix(INCOMING, day.astimezone(UTC).date())}{_part(switch_id)}/{name}"


def upload_day(received_at: datetime, now: datetime) -> datetime:
    """The day an upload is filed under: the switch's, so that a repeat has the same, unless its clock is wrong.

    It is no fax's date: that is the instant of acceptance (docs/adr/0003).
    """
    return received_at if now - BACK <= received_at <= now + AHEAD else now


def _part(name: str) -> str:
    """`name` in the characters of a key, so that different names stay different: others as ``=`` and hexadecimal."""
    octets = [bytes([one]) for one in name.encode()]
    text = "".join(one.decode() if _SAFE.match(one) else f"={one.hex().upper()}" for one in octets)
    text = _DOTS.sub("=2E", text)
    return text if len(text) <= LONGEST_PART else f"({sha256(name.encode()).hexdigest()})"
