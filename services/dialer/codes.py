"""What telephony's codes mean for a fax that is being sent: one closed table for each kind of code.

Sources: ITU-T Q.850, table 1; RFC 3261, 21 with RFC 3398, 8.2.6.1; spandsp/t30.h; Asterisk's FAXERROR (res_fax).
"""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.failures import FaxFailure

Retry = Literal["busy", "no-answer", "protocol", "render", "never"]
"""When to call again: by one of the schedules, once at a coarser resolution, or not at all."""


@dataclass(frozen=True)
class Class:
    """Results that are handled alike.

    Attributes:
        name: For a fax's history.
        failure: What the sender reads if it stays at this.
        retry: When to call again.
        answered: Somebody took the call: there are fewer of those tries.
    """

    name: str
    failure: FaxFailure
    retry: Retry
    answered: bool = True


BUSY: Final = Class("busy", "busy", "busy", answered=False)
NO_ANSWER: Final = Class("no answer", "no-answer", "no-answer", answered=False)
CONGESTION: Final = Class("the network is busy or out of order", "network-trouble", "no-answer", answered=False)
UNALLOCATED: Final = Class("no such number", "number-unallocated", "never", answered=False)
REJECTED: Final = Class("rejected", "call-rejected", "never", answered=False)
NO_FAX: Final = Class("no fax machine was heard", "no-fax-machine", "protocol")
LINE: Final = Class("trouble on the line", "line-trouble", "protocol")
INCOMPATIBLE: Final = Class("the other machine can't take it", "machine-incompatible", "never")
TOO_FINE: Final = Class("the other machine can't take this resolution", "machine-incompatible", "render")
TOO_LARGE: Final = Class("the other machine can't take pages of this size", "machine-incompatible", "render")
REFUSED: Final = Class("the other machine refuses this sender", "call-rejected", "never")
FILE: Final = Class("the file can't be sent", "file-fault", "never")

Q850_UNANSWERED: Final[dict[int, Class]] = {
    1: UNALLOCATED,
    2: CONGESTION,
    3: CONGESTION,
    17: BUSY,
    18: NO_ANSWER,
    19: NO_ANSWER,
    20: NO_ANSWER,
    21: REJECTED,
    22: UNALLOCATED,
    28: UNALLOCATED,
    34: CONGESTION,
    42: CONGESTION,
    44: CONGESTION,
    55: REJECTED,
    57: REJECTED,
}
"""Causes that end a call before anybody answers. They outrank every other code: code 2 with cause 17 is busy."""

Q850_ANY_TIME: Final[dict[int, Class]] = {
    25: CONGESTION,
    26: CONGESTION,
    27: CONGESTION,
    29: CONGESTION,
    31: LINE,
    38: CONGESTION,
    41: CONGESTION,
    47: CONGESTION,
    50: CONGESTION,
    58: CONGESTION,
    63: CONGESTION,
    65: CONGESTION,
    79: CONGESTION,
    88: CONGESTION,
    102: CONGESTION,
    111: CONGESTION,
    127: CONGESTION,
}
"""Causes that can also end an answered call. Alone they don't tell whether pages went."""

SIP: Final[dict[int, Class]] = {
    403: REJECTED,
    404: UNALLOCATED,
    408: NO_ANSWER,
    410: UNALLOCATED,
    480: NO_ANSWER,
    484: UNALLOCATED,
    486: BUSY,
    487: NO_ANSWER,
    600: BUSY,
    603: REJECTED,
    604: UNALLOCATED,
    607: REJECTED,
    608: REJECTED,
}
"""Final responses; every other one from 400 on is trouble of the network. All of them end a call before its answer."""

SIP_FAILED: Final = 400

T30_OK: Final = 0
T30: Final[dict[int, Class]] = {
    1: NO_FAX,
    2: NO_FAX,
    3: NO_FAX,
    4: LINE,
    5: LINE,
    6: LINE,
    7: LINE,
    8: INCOMPATIBLE,
    9: INCOMPATIBLE,
    10: INCOMPATIBLE,
    11: TOO_FINE,
    12: TOO_LARGE,
    **dict.fromkeys(range(13, 41), LINE),
    **dict.fromkeys(range(41, 47), FILE),
    47: LINE,
    48: LINE,
    49: LINE,
    50: INCOMPATIBLE,
    51: REFUSED,
    **dict.fromkeys(range(52, 56), INCOMPATIBLE),
    56: REFUSED,
    **dict.fromkeys(range(57, 62), INCOMPATIBLE),
}
"""Completion codes. 2 and 3 are T.30 timeouts, not busy; 23 to 40 belong to receiving, and would be a broken call."""

T30_ECM: Final = frozenset({16, 22})
"""Codes of trouble with error correction."""

ASTERISK: Final[dict[str, Class]] = {
    "T38_NEG_ERROR": LINE,
    "TIMEOUT": LINE,
    "HANGUP": LINE,
    "INIT_ERROR": LINE,
    "MEMORY_ERROR": LINE,
    "FILE_ERROR": FILE,
    "INVALID_ARGUMENTS": FILE,
    "FAILED": LINE,
    "FAILURE": LINE,
}
"""FAXERROR or FAXSTATUS, as the report's text where it has no code."""
