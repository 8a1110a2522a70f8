"""What became of one call, from its report: a pure function."""

from dataclasses import dataclass

from schemas.telephony import CallReport, TelephonyDialResult
from services.dialer.codes import (
    ASTERISK,
    CONGESTION,
    LINE,
    Q850_ANY_TIME,
    Q850_UNANSWERED,
    SIP,
    SIP_FAILED,
    T30,
    T30_OK,
    Class,
)


@dataclass(frozen=True)
class Delivered:
    """Every page that was asked for was confirmed."""


@dataclass(frozen=True)
class NotDelivered:
    """Some page was not.

    Attributes:
        cls: Why, and when to call again.
        pages: How many of the asked pages were confirmed.
    """

    cls: Class
    pages: int


@dataclass(frozen=True)
class Unclear:
    """A call was placed, and its report doesn't tell whether the pages went: calling again might send them twice."""


@dataclass(frozen=True)
class NotStarted:
    """No call was placed for this attempt, and none will be."""


Verdict = Delivered | NotDelivered | Unclear | NotStarted


def verdict(result: TelephonyDialResult, asked: int, pages_of_fax: int) -> Verdict:
    """The verdict on a call that was asked to send the last `asked` pages of a fax.

    Delivered means that so many pages were confirmed, whatever the codes say: a call that breaks off after the last
    confirmation has delivered, and OK with fewer pages has not. Telephony that had a file of another length (neither
    what was asked for nor the whole fax) has delivered nothing.
    """
    if result.outcome == "not-started":
        return NotStarted()
    pages = result.call.pages_transferred
    whole = result.pages_total in {None, asked, pages_of_fax}
    if pages is not None and pages >= asked and whole:
        return Delivered()
    cls = _class(result.call)
    if cls is None:
        return Unclear()
    return NotDelivered(cls, min(pages or 0, asked) if whole else 0)


def _class(call: CallReport) -> Class | None:
    """The class of a call that hasn't confirmed all pages; None if it may have."""
    fine = call.result_code == T30_OK and call.pages_transferred is None  # an engine that was content spoke to another
    if not call.pages_transferred and not fine and (unanswered := _unanswered(call)):
        return unanswered
    if call.result_code not in {None, T30_OK}:
        return T30.get(call.result_code or 0, LINE)
    word = (call.result_text or "").strip().upper()
    if call.result_code is None and word in ASTERISK:
        return ASTERISK[word]
    if call.pages_transferred is None:
        return None
    if call.result_code is None and not call.pages_transferred:
        return Q850_ANY_TIME.get(call.hangup_cause or 0, LINE)
    return LINE


def _unanswered(call: CallReport) -> Class | None:
    by_cause = Q850_UNANSWERED.get(call.hangup_cause or 0)
    if by_cause is None and call.sip_status is not None and call.sip_status >= SIP_FAILED:
        return SIP.get(call.sip_status, CONGESTION)
    return by_cause
