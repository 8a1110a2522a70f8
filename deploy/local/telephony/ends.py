"""What telephony tells of a call it placed: pure functions from the end of the call to the report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from deploy.local.telephony.far_ends import TOO_BAD, Machine, NoCall
from deploy.local.telephony.line import CallResult, Hits, Modem
from schemas.telephony import CallReport, DialMode, DialRequested, TelephonyDialResult

CLEARED: Final = 16
"""Normal call clearing (ITU-T Q.850)."""
TEMPORARY_FAILURE: Final = 41
"""Temporary failure (ITU-T Q.850)."""

OK, NO_FAX_HEARD, NO_TRAINING, TOO_FINE, DROPPED = 0, 2, 14, 11, 49
"""Completion codes of spandsp 0.0.6 (spandsp/t30.h)."""

WORDS: Final = {
    OK: "OK",
    NO_FAX_HEARD: "Timed out waiting for initial communication",
    TOO_FINE: "Far end cannot receive at the resolution of the image",
    NO_TRAINING: "Received bad response to DCS or training",
    DROPPED: "The call dropped prematurely",
}
"""In spandsp's own words."""

BIT_RATES: Final[dict[Modem, int]] = {"v27": 4800, "v29": 9600, "v17": 14400}
"""Bit/s of the modems of ITU-T V.27ter, V.29 and V.17 at their fastest."""

RING_SECONDS: Final = 4.0
PAGE_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Ended:
    """A call that is over.

    Attributes:
        report: What telephony tells of it: what the sending side knows.
        line_seconds: How long the line was held, in seconds of line time.
        received: The far end's TIFF; empty when no page arrived.
        pages_total: Pages in the file; None where nobody looked.
        both: What both ends report, where a real T.30 call was placed.
    """

    report: CallReport
    line_seconds: float
    received: bytes = b""
    pages_total: int | None = None
    both: CallResult | None = None


def unanswered(end: NoCall) -> Ended:
    """Nobody answered: no fax engine has anything to tell."""
    report = CallReport(hangup_cause=end.cause, sip_status=end.sip_status, pages_transferred=0, seconds=end.seconds)
    return Ended(report, end.seconds)


def answered(result: CallResult, received: bytes) -> Ended:
    """A T.30 call as its sending end tells it; the rows that the far end found damaged, it can't know."""
    caller = result.caller
    report = CallReport(
        result_code=caller.code,
        result_text=caller.text,
        hangup_cause=CLEARED,
        sip_status=200,
        station_id=caller.remote_station_id.strip() or None,
        pages_transferred=caller.final.pages_sent,
        ecm=caller.final.ecm,
        bit_rate=caller.final.bit_rate,
        seconds=result.line_seconds,
    )
    return Ended(report, result.line_seconds, received, result.pages_total or None, result)


def modem_of(mode: DialMode) -> Modem:
    """The fastest modem that `mode` allows; spandsp can't have V.17 without its highest speeds."""
    if mode.max_bit_rate == BIT_RATES["v27"]:
        return "v27"
    return "v17" if mode.v17 and mode.max_bit_rate == BIT_RATES["v17"] else "v29"


def hits_of(machine: Machine, modem: Modem) -> Hits | None:
    """The noise on the line to `machine`, as far as it disturbs `modem`."""
    return TOO_BAD if machine.only_without_v17 and modem == "v17" else machine.hits


def scripted(request: DialRequested, machine: Machine) -> tuple[int, int]:
    """Completion code and pages of a call to `machine` on a machine without spandsp."""
    wanted = request.pages - request.first_page + 1
    if machine.voice:
        return NO_FAX_HEARD, 0
    if machine.resolution == "standard" and request.mode.resolution != "standard":
        return TOO_FINE, 0
    if hits_of(machine, modem_of(request.mode)) == TOO_BAD:
        return NO_TRAINING, 0
    if machine.hang_up_after_pages is not None and machine.hang_up_after_pages < wanted:
        return DROPPED, machine.hang_up_after_pages
    return OK, wanted


def told_by_script(request: DialRequested, machine: Machine, received: bytes) -> Ended:
    """A call by the script, with as much line time as such a call takes."""
    code, pages = scripted(request, machine)
    seconds = 60.0 if code == NO_FAX_HEARD else RING_SECONDS + PAGE_SECONDS * pages
    report = CallReport(
        result_code=code,
        result_text=WORDS[code],
        hangup_cause=CLEARED,
        sip_status=200,
        station_id=None if machine.voice else request.destination,
        pages_transferred=pages,
        ecm=machine.ecm and request.mode.ecm,
        bit_rate=BIT_RATES[modem_of(request.mode)],
        seconds=seconds,
    )
    return Ended(report, seconds, received, request.pages)


def not_started(request: DialRequested, why: str, at: datetime) -> TelephonyDialResult:
    """The answer to a request that no call was placed for, and never will be."""
    return TelephonyDialResult(
        fax_id=request.fax_id,
        attempt_id=request.attempt_id,
        outcome="not-started",
        ended_at=at,
        call=CallReport(result_text=why),
    )


def unknown(request: DialRequested, why: str, at: datetime) -> TelephonyDialResult:
    """The result of a call that was started, and of whose end nothing is known: no code, and no number of pages."""
    return TelephonyDialResult(
        fax_id=request.fax_id,
        attempt_id=request.attempt_id,
        outcome="ended",
        ended_at=at,
        call=CallReport(result_text=why, hangup_cause=TEMPORARY_FAILURE),
    )


def result(request: DialRequested, ended: Ended, at: datetime) -> TelephonyDialResult:
    """The result of a call."""
    return TelephonyDialResult(
        fax_id=request.fax_id,
        attempt_id=request.attempt_id,
        outcome="ended",
        pages_total=ended.pages_total,
        ended_at=at,
        call=ended.report,
    )
