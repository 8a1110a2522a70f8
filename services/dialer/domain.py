"""How one fax moves: pure functions from its row and an event, or the clock, to its next row and what that causes.

None means that nothing changes: an event that was seen before, came too late, or isn't about this fax.
"""

from datetime import datetime, timedelta

from schemas.failures import FaxFailure
from schemas.fax import CancelRequested, FaxToDial
from schemas.identity import attempt_id
from schemas.telephony import DialMode, TelephonyDialResult
from services.dialer.codes import UNALLOCATED
from services.dialer.rules import Rules, coarser, next_mode
from services.dialer.sending import ASKED, Sending
from services.dialer.steps import Step, cancelled, changed, delivered, ended, failed, lasting, wait
from services.dialer.telling import dial, status
from services.dialer.verdict import Delivered, NotDelivered, NotStarted, Verdict, verdict


def accept(fax: FaxToDial, now: datetime, rules: Rules) -> Sending:
    """A fax that the dialer hasn't seen: its first call is due at once."""
    return Sending(
        fax=fax,
        state="waiting",
        version=fax.version,
        queued_at=now,
        since=now,
        due_at=now,
        give_up_at=now + timedelta(seconds=rules.give_up),
        mode=DialMode(resolution=fax.resolution),
    )


def request(sending: Sending, now: datetime, rules: Rules) -> Step | None:
    """Ask telephony for the next call; the caller knows that destination and trunk have a free line."""
    if sending.state != "waiting" or sending.due_at > now:
        return None
    not_after = now + timedelta(seconds=rules.start)
    asked = changed(
        sending,
        now,
        state="requested",
        attempt=sending.attempt + 1,
        first_asked_at=sending.first_asked_at or now,
        due_at=rules.deadline(not_after, sending.asked_pages),
        holds_line=True,
    )
    return Step(asked, (dial(asked, now, rules), status(asked, "dialling", f"call {asked.attempt}")))


def hear(sending: Sending, result: TelephonyDialResult, now: datetime, rules: Rules) -> Step | None:
    """Take what telephony says of one attempt."""
    number = _attempt(sending, result)
    if number is None:
        return None
    current = number == sending.attempt
    found = verdict(result, sending.asked_pages if current else sending.fax.pages, sending.fax.pages)
    known = sending.model_copy(update={"heard_at": now, "station_id": result.call.station_id or sending.station_id})
    if not sending.is_open:
        step = _correct(known, found, now, current=current)
    elif current and sending.state in ASKED:
        step = _call_over(known, found, result.call.result_code, now, rules)
    else:
        step = _earlier(known, found, now)
    return step and lasting(step, result.call.seconds)


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
            return _unclear(known, now, rules)


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
        return failed(row, cls.failure, now, dead=cls is UNALLOCATED)
    if cls.retry == "render":
        if row.rendered or row.mode.resolution == "standard":
            return failed(row, cls.failure, now)
        row = row.model_copy(update={"rendered": True, "mode": coarser(row.mode)})
    if cls.retry == "protocol":
        row = row.model_copy(update={"mode": next_mode(row.mode, code)})
    if rules.resume:
        row = row.model_copy(update={"first_page": row.first_page + found.pages})
    return wait(row, due, cls.failure, cls.name, now)


def _tried_enough(row: Sending, due: datetime, rules: Rules) -> bool:
    return row.dials >= rules.dials or row.answered >= rules.tries or due > _last_call(row, rules)


def _last_call(row: Sending, rules: Rules) -> datetime:
    return min((row.first_asked_at or row.queued_at) + timedelta(seconds=rules.retry_window), row.give_up_at)


def _unclear(known: Sending, now: datetime, rules: Rules) -> Step:
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


def expire(sending: Sending, now: datetime, rules: Rules) -> Step | None:
    """What the clock does to a fax of which nothing was heard."""
    if sending.state == "waiting" and sending.give_up_at <= now:
        return failed(sending, sending.failure or "telephony-away", now)
    if sending.due_at > now or sending.state == "waiting":
        return None
    if sending.state == "requested":
        # Counted from now, not from the deadline: after an outage of ours the results wait in the topic.
        silent = changed(
            sending,
            now,
            state="unanswered",
            due_at=now + timedelta(seconds=rules.answer),
            holds_line=not rules.promises,
        )
        return Step(silent, (status(silent, "dialling", "telephony has not told yet how the call ended"),))
    if sending.state == "unanswered":
        if sending.arrived == sending.fax.pages:
            return delivered(sending, now)
        return _unclear(sending, now, rules)
    return None


def refuse(sending: Sending, failure: FaxFailure, now: datetime) -> Step | None:
    """Its destination is known to be no number: say so at once."""
    if sending.state != "waiting":
        return None
    return failed(sending, failure, now, detail="known from an earlier call")


def cancel(sending: Sending, event: CancelRequested, now: datetime) -> Step | None:
    """The sender takes the fax back. A call under way goes on, and counts if it delivers."""
    if not sending.is_open or sending.cancelling or sending.fax.account_id != event.account_id:
        return None
    if sending.state == "waiting":
        return cancelled(sending, now)
    noted = changed(sending, now, cancelling=True)
    return Step(noted, (status(noted, "dialling", "cancelled, but a call is under way"),))


def recalled(sending: Sending, now: datetime) -> Step:
    """A fax that was taken back before it came."""
    return cancelled(sending, now)
