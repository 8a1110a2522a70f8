"""Who answers at which number: the simulator's one table, from the range that is kept for fiction (+1 202 555 01xx).

Every number that isn't here belongs to a fax machine that takes everything. docs/telephony-simulator.md is this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from deploy.local.telephony.line import Coding, Hits, Modem, Resolution


@dataclass(frozen=True)
class NoCall:
    """The network ends the call before anybody answers.

    Attributes:
        cause: ITU-T Q.850 cause.
        sip_status: RFC 3398, 8.2.6.1 maps the two.
        seconds: Line time of ringing or of the announcement, in seconds.
    """

    cause: int
    sip_status: int
    seconds: float


@dataclass(frozen=True)
class Machine:
    """Somebody answers.

    Attributes:
        voice: It is a person.
        hang_up_after_pages: Hangs up once it has confirmed so many pages.
        hits: Noise on the line toward it.
        only_without_v17: With V.17, its line is too bad to agree on a speed.
        coding: The best coding it takes.
        ecm: Whether it has error correction.
        modem: Its fastest modem.
        resolution: The finest it takes.
    """

    voice: bool = False
    hang_up_after_pages: int | None = None
    hits: Hits | None = None
    only_without_v17: bool = False
    coding: Coding = "t6"
    ecm: bool = True
    modem: Modem = "v17"
    resolution: Resolution = "superfine"


@dataclass(frozen=True)
class Telling:
    """How the simulator tells the result of a call.

    Attributes:
        times: How often; 0: never.
        late_seconds: How long after the call.
        behind: Only once another call's result was told, or after `late_seconds`.
    """

    times: int = 1
    late_seconds: float = 0.0
    behind: bool = False


@dataclass(frozen=True)
class FarEnd:
    """What is at a number: an answer for each call of one fax in turn, of which the last one stays."""

    what: str
    calls: tuple[NoCall | Machine, ...] = (Machine(),)
    telling: Telling = field(default_factory=Telling)

    def call(self, number: int) -> NoCall | Machine:
        """The answer to the `number`-th call of a fax, from 1."""
        return self.calls[min(number, len(self.calls)) - 1]


BUSY: Final = NoCall(17, 486, 3.0)
NO_ANSWER: Final = NoCall(19, 480, 45.0)
TOO_BAD: Final = Hits(start_s=3, every_s=0.2, length_ms=100, level_dbm0=-5)

FAX_MACHINE: Final = FarEnd("a fax machine that takes everything")

FAR_ENDS: Final[Mapping[str, FarEnd]] = {
    "+12025550160": FarEnd("always busy", (BUSY,)),
    "+12025550161": FarEnd("nobody answers", (NO_ANSWER,)),
    "+12025550162": FarEnd("unallocated number", (NoCall(1, 404, 5.0),)),
    "+12025550163": FarEnd("the call is rejected", (NoCall(21, 603, 2.0),)),
    "+12025550164": FarEnd("the network is congested", (NoCall(34, 503, 1.0),)),
    "+12025550165": FarEnd("a person answers", (Machine(voice=True),)),
    "+12025550166": FarEnd("hangs up as the first page begins", (Machine(hang_up_after_pages=0),)),
    "+12025550167": FarEnd("hangs up after page 1", (Machine(hang_up_after_pages=1),)),
    "+12025550168": FarEnd("hangs up after page 2", (Machine(hang_up_after_pages=2),)),
    "+12025550169": FarEnd("hangs up after page 1, then takes everything", (Machine(hang_up_after_pages=1), Machine())),
    "+12025550170": FarEnd("line hits that error correction repairs", (Machine(hits=Hits(10, 3, 60)),)),
    "+12025550171": FarEnd(
        "line hits without error correction: rows are lost",
        (Machine(hits=Hits(10, 2, 60), ecm=False, coding="1d"),),
    ),
    "+12025550172": FarEnd("a line too bad for any page", (Machine(hits=TOO_BAD),)),
    "+12025550173": FarEnd("a line too bad for V.17, good without", (Machine(only_without_v17=True),)),
    "+12025550174": FarEnd("an old machine: standard resolution only", (Machine(resolution="standard"),)),
    "+12025550175": FarEnd(
        "an old machine: no error correction, one-dimensional coding, 9,600 bit/s",
        (Machine(coding="1d", ecm=False, modem="v29"),),
    ),
    "+12025550180": FarEnd("takes everything; the result is told twice", telling=Telling(times=2)),
    "+12025550181": FarEnd("takes everything; the result is told 5 s late", telling=Telling(late_seconds=5)),
    "+12025550182": FarEnd(
        "takes everything; the result is told after that of another call, or 10 s late",
        telling=Telling(late_seconds=10, behind=True),
    ),
    "+12025550183": FarEnd("takes everything; the result is never told", telling=Telling(times=0)),
    "+12025550184": FarEnd("busy twice, then takes everything", (BUSY, BUSY, Machine())),
    "+12025550185": FarEnd("nobody answers once, then takes everything", (NO_ANSWER, Machine())),
}


def far_end(destination: str) -> FarEnd:
    """What is at `destination` (E.164)."""
    return FAR_ENDS.get(destination, FAX_MACHINE)
