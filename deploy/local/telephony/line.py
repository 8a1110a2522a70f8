"""What a phone line is like during a fax call, and what both ends tell of the call afterwards."""

from dataclasses import dataclass
from typing import Literal

Coding = Literal["1d", "2d", "t6"]
"""Image coding: T.4 one-dimensional (MH), T.4 two-dimensional (MR), T.6 (MMR, needs error correction)."""

Modem = Literal["v27", "v29", "v17"]
"""The fastest modem both ends have: at most 4,800, 9,600 and 14,400 bit/s."""

Resolution = Literal["standard", "fine", "superfine"]
"""The highest resolution the receiver takes: 98, 196 and 391 rows an inch, each at 204 pixels an inch."""

INCHES_PER_METRE = 0.0254
IDENT_LIMIT = 20
"""Characters in a station identification (ITU-T T.30, 5.3.6.2.4; T30_MAX_IDENT_LEN)."""
HEADER_LIMIT = 50
"""Characters of header text (T30_MAX_PAGE_HEADER_INFO in spandsp 0.0.6)."""


@dataclass(frozen=True)
class Hits:
    """Bursts of white noise on the line toward the receiver.

    Attributes:
        start_s: Line time of the first burst, in seconds.
        every_s: From the start of one burst to the start of the next, in seconds.
        length_ms: How long a burst lasts, in milliseconds.
        level_dbm0: Noise power; the modem's own signal is sent at about -14 dBm0.
    """

    start_s: float
    every_s: float
    length_ms: float
    level_dbm0: float = -10.0


@dataclass(frozen=True)
class Line:
    """How a call is set up and what happens to it on the way.

    As on a real line, the ends agree on the best both can do: ``t6`` without error correction becomes
    ``2d``, and a page finer than `resolution` ends the call unless spandsp can send it coarser.

    Attributes:
        coding: The best coding both ends have on the line.
        written: The coding the receiver writes into its file.
        ecm: Whether both ends have error correction.
        modem: The fastest modem both ends have.
        resolution: The highest resolution both ends have.
        hits: Noise toward the receiver, or none.
        hang_up_after_s: Line time in seconds at which the call is cut, or never.
        caller: The caller's station identification, at most 20 ASCII characters.
        callee: The callee's station identification, at most 20 ASCII characters.
        header: Text of the header line the caller prints above each page with date and page number, at most
            50 ASCII characters. Empty: no header line, and the page arrives as it was sent.

    Raises:
        ValueError: An identification or the header is too long or not ASCII.
    """

    coding: Coding = "t6"
    written: Coding = "t6"
    ecm: bool = True
    modem: Modem = "v17"
    resolution: Resolution = "superfine"
    hits: Hits | None = None
    hang_up_after_s: float | None = None
    caller: str = "+1 555 0100"
    callee: str = "+1 555 0199"
    header: str = ""

    def __post_init__(self) -> None:
        for text, limit in ((self.caller, IDENT_LIMIT), (self.callee, IDENT_LIMIT), (self.header, HEADER_LIMIT)):
            if len(text) > limit or not text.isascii():
                raise ValueError(f"{text!r} is not ASCII text of at most {limit} characters")


@dataclass(frozen=True)
class Transfer:
    """One end's counters (spandsp's ``t30_stats_t``) at the end of a page or of the call.

    Attributes:
        bit_rate: Speed of the image modem, bit/s.
        ecm: Whether error correction was in use.
        pages_sent: Pages sent so far.
        pages_received: Pages received so far.
        pages_in_file: Pages in the file being sent; negative where the end does not know.
        x_per_metre: Pixels per metre.
        y_per_metre: Rows per metre.
        width: Pixels in a row of the latest page.
        rows: Rows of the latest page.
        octets: Size of the latest page as coded on the line.
        encoding: Coding on the line: 0 none yet, 1 = 1d, 2 = 2d, 3 = t6.
        bad_rows: Damaged rows of the latest page.
        longest_bad_run: The most damaged rows in a row on the latest page.
        ecm_retries: Frames sent again by error correction.
        status: T.30 completion code so far.
    """

    bit_rate: int
    ecm: bool
    pages_sent: int
    pages_received: int
    pages_in_file: int
    x_per_metre: int
    y_per_metre: int
    width: int
    rows: int
    octets: int
    encoding: int
    bad_rows: int
    longest_bad_run: int
    ecm_retries: int
    status: int


@dataclass(frozen=True)
class End:
    """How the call went, seen from one end.

    Attributes:
        code: T.30 completion code of spandsp; 0 is OK, 49 a call that was cut.
        text: The code in spandsp's words.
        remote_station_id: What the other end called itself; empty when it never said.
        pages: The counters at the end of each page.
        final: The counters at the end of the call.
    """

    code: int
    text: str
    remote_station_id: str
    pages: tuple[Transfer, ...]
    final: Transfer


@dataclass(frozen=True)
class CallResult:
    """What a telephony stack reports of a fax call.

    Attributes:
        caller: The sending end.
        callee: The receiving end.
        pages_transferred: Pages the callee took.
        pages_total: Pages in the file the caller sent.
        bad_rows: Damaged rows the callee counted, over all pages it took.
        longest_bad_run: The longest run of damaged rows on any of those pages.
        ecm_used: Whether error correction was in use.
        bit_rate: Speed of the image modem at the end, bit/s.
        dpi: Horizontal and vertical resolution of the latest page.
        remote_station_id: The caller, as it told the callee.
        line_seconds: How long the line was held, in seconds of line time.
    """

    caller: End
    callee: End
    pages_transferred: int
    pages_total: int
    bad_rows: int
    longest_bad_run: int
    ecm_used: bool
    bit_rate: int
    dpi: tuple[int, int]
    remote_station_id: str
    line_seconds: float


def result_of(caller: End, callee: End, *, line_seconds: float) -> CallResult:
    """Sum up a call as the telephony of the receiving end does."""
    last = callee.final
    return CallResult(
        caller=caller,
        callee=callee,
        pages_transferred=last.pages_received,
        pages_total=max((page.pages_in_file for page in (*caller.pages, caller.final)), default=0),
        bad_rows=sum(page.bad_rows for page in callee.pages),
        longest_bad_run=max((page.longest_bad_run for page in callee.pages), default=0),
        ecm_used=last.ecm,
        bit_rate=last.bit_rate,
        dpi=(round(last.x_per_metre * INCHES_PER_METRE), round(last.y_per_metre * INCHES_PER_METRE)),
        remote_station_id=callee.remote_station_id,
        line_seconds=line_seconds,
    )
