"""What a call's result does to its fax: pure functions, as those of `domain`."""

from datetime import datetime, timedelta

from schemas.failures import FaxFailure
from schemas.identity import attempt_id
from schemas.telephony import TelephonyDialResult
from services.dialer.codes import BUSY, NO_ANSWER, UNALLOCATED, Class
from services.dialer.ladder import lower
from services.dialer.rendering import can_be_rendered, render
from services.dialer.rules import Rules
from services.dialer.sending import ASKED, Sending
from services.dialer.steps import Found, Step, after_call, cancelled, delivered, ended, failed, wait
from services.dialer.verdict import Delivered, NotDelivered, NotStarted, Verdict, verdict


def hear(sending: Sending, result: TelephonyDialResult, now: datetime, rules: Rules) -> Step | None:
    """Take what telephony says of one attempt."""
    number = _attempt(sending, result)
    if number is None:
        return None
    current = number == sending.attempt
    asked = sending.asked[number - 1]
    found = verdict(result, asked.count, asked.pages)
    known = sending.model_copy(update={"heard_at": now, "station_id": result.call.station_id or sending.station_id})
    if not sending.is_open:
        step = _correct(known, found, now, current=current)
    elif current and sending.state in ASKED:
        step = _call_over(known, found, result.call.result_code, now, rules)
    else:
        step = _earlier(known, found, now)
    return step and after_call(step, result.call.seconds, _about_the_number(found))


def _about_the_number(found: Verdict) -> Found:
    match found:
        case NotDelivered(cls=cls) if cls is UNALLOCATED:
            return "dead"
        case NotDelivered(cls=cls) if not cls.answered and cls not in {BUSY, NO_ANSWER}:
            return None
        case Delivered() | NotDelivered():
            return "alive"
        case _:
            return None


def _attempt(sending: Sending, result: TelephonyDialResult) -> int | None:
    ids = (number for number in range(sending.attempt, 0, -1))
    return next((one for one in ids if attempt_id(sending.fax.fax_id, one) == result.attempt_id), None)


def _call_over(known: Sending, found: Verdict, code: int | None, now: datetime, rules: Rules) -> Step:
    match found:
        case Delivered():
            return delivered(known, now)
        case _ if known.arrived == known.fax.pages:  # an earlier attempt's result, which came late, said so
            return delivered(known, now)
        case NotStarted():
            return _not_started(known, now, rules)
        case NotDelivered():
            return _not_delivered(known, found, code, now, rules)
        case _:
            return unclear(known, now, rules)


def _not_started(known: Sending, now: datetime, rules: Rules) -> Step:
    """It wasn't a call, so it counts as none; but it isn't tried for ever."""
    row = known.model_copy(update={"unstarted": known.unstarted + 1})
    due = now + rules.after_unstarted(row.unstarted, row.fax.fax_id, row.attempt)
    if row.cancelling:
        return cancelled(row, now)
    if due > _last_call(row, rules):
        return failed(row, row.failure or "telephony-away", now)
    return wait(row, due, "telephony-away", "the call was not placed", now)


def _not_delivered(known: Sending, found: NotDelivered, code: int | None, now: datetime, rules: Rules) -> Step:
    cls = found.cls
    row = known.model_copy(
        update={
            "dials": known.dials + 1,
            "answered": known.answered + cls.answered,
            "unstarted": 0,
            "arrived": max(known.arrived, known.first_page - 1 + found.pages),
            "failure": cls.failure,
        }
    )
    if row.cancelling:
        return cancelled(row, now)
    due = now + rules.again(cls.retry, row.fax.fax_id, row.attempt)
    if cls.retry == "never" or _tried_enough(row, due, rules):
        return failed(row, cls.failure, now)
    if rules.resume:
        row = row.model_copy(update={"first_page": row.first_page + found.pages})
    return _again(row, cls, code, due, now, rules)


def _again(row: Sending, cls: Class, code: int | None, due: datetime, now: datetime, rules: Rules) -> Step:
    """Call again in the mode, or with the pages, that the last call's end asks for."""
    mode = lower(row.mode, code) if cls.retry == "protocol" else row.mode
    if cls.retry == "render" or mode.resolution != row.mode.resolution:
        if can_be_rendered(row, cls):
            return render(row, cls, due, now, rules)
        return failed(row, cls.failure, now)
    return wait(row.model_copy(update={"mode": mode}), due, cls.failure, cls.name, now)


def _tried_enough(row: Sending, due: datetime, rules: Rules) -> bool:
    return row.dials >= rules.dials or row.answered >= rules.tries or due > _last_call(row, rules)


def _last_call(row: Sending, rules: Rules) -> datetime:
    return min((row.first_asked_at or row.queued_at) + timedelta(seconds=rules.retry_window), row.give_up_at)


def unclear(known: Sending, now: datetime, rules: Rules) -> Step:
    """A call may have delivered. It is never made again unless the operator prefers a fax twice to a fax in doubt."""
    row = known.model_copy(update={"dials": known.dials + 1, "answered": known.answered + 1, "unstarted": 0})
    due = now + rules.again("protocol", row.fax.fax_id, row.attempt)
    if not (rules.redial_unanswered and rules.promises) or row.cancelling or _tried_enough(row, due, rules):
        return ended(row, "outcome-unknown", "outcome-unknown", now)
    again = row.model_copy(update={"doubtful": True, "failure": "outcome-unknown"})
    return wait(again, due, "outcome-unknown", "it is not known how the call ended", now)


def _earlier(known: Sending, found: Verdict, now: datetime) -> Step | None:
    """A result of an attempt that isn't at hand matters only if it says that the fax is there."""
    if not isinstance(found, Delivered) or known.arrived == known.fax.pages:
        return None
    if known.state == "waiting":
        return delivered(known, now)
    return Step(known.model_copy(update={"version": known.version + 1, "arrived": known.fax.pages}))


def _correct(known: Sending, found: Verdict, now: datetime, *, current: bool) -> Step | None:
    """A result after the end corrects it, once: a failure to a delivery, or a doubt to what happened."""
    if known.corrected or known.state == "delivered":
        return None
    row = known.model_copy(update={"corrected": True, "version": known.version + 1})
    if isinstance(found, Delivered):
        return delivered(row, now)
    if known.state != "outcome-unknown" or known.doubtful or not current:
        return None
    failure: FaxFailure
    match found:
        case NotDelivered():
            row = row.model_copy(update={"arrived": max(row.arrived, row.first_page - 1 + found.pages)})
            failure = found.cls.failure
        case NotStarted():
            failure = "telephony-away"
        case _:
            return None
    return cancelled(row, now) if row.cancelling else failed(row, failure, now)
