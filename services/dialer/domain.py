"""How one fax moves: pure functions from its row and an event, or the clock, to its next row and what that causes.

None means that nothing changes: an event that was seen before, came too late, or isn't about this fax.
"""

from datetime import datetime, timedelta

from schemas.fax import CancelRequested, FaxToDial
from schemas.telephony import DialMode
from services.dialer.codes import UNALLOCATED
from services.dialer.results import unclear
from services.dialer.rules import Rules
from services.dialer.sending import ASKED, Sending
from services.dialer.steps import Step, cancelled, changed, delivered, failed
from services.dialer.telling import dial, status


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
        asked=(*sending.asked, sending.next_asked),
        again_at=None,
        first_asked_at=sending.first_asked_at or now,
        due_at=rules.deadline(not_after, sending.next_asked.count),
        holds_line=True,
    )
    return Step(asked, (dial(asked, now, rules), status(asked, "dialling", f"call {asked.attempt}")))


def expire(sending: Sending, now: datetime, rules: Rules, *, cut_off: bool = False) -> Step | None:
    """What the clock does to a fax of which nothing was heard.

    Nothing could be heard while we are `cut_off` from Kafka, and telephony may not have been asked yet.
    """
    if sending.state == "waiting" and sending.give_up_at <= now:
        return failed(sending, sending.failure or "telephony-away", now)
    if sending.due_at > now or sending.state not in ASKED:
        return None
    if cut_off:
        return _heard_later(sending, now, rules)
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
    if sending.arrived == sending.fax.pages:
        return delivered(sending, now)
    return unclear(sending, now, rules)


def _heard_later(sending: Sending, now: datetime, rules: Rules) -> Step | None:
    if sending.state != "unanswered":
        return None
    due = now + timedelta(seconds=rules.answer)
    return Step(sending.model_copy(update={"version": sending.version + 1, "due_at": due}))


def refuse(sending: Sending, now: datetime) -> Step | None:
    """Its destination is known to be no number: say so at once."""
    if sending.state != "waiting":
        return None
    return failed(sending, UNALLOCATED.failure, now, detail="known from an earlier call")


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
