"""One fax at a time through the dialer's state machine."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.base import Event, StoredObject
from schemas.fax import AtaNoticeRequested, EmailRequested, FaxRendered, FaxStatusChanged, FaxToDial, RenderRequested
from schemas.identity import attempt_id
from schemas.telephony import DialMode, DialRequested, TelephonyDialResult
from services.dialer import domain, rendering, results
from services.dialer.ladder import lower
from services.dialer.lines import Trunk
from services.dialer.rules import Rules
from services.dialer.sending import Sending
from services.dialer.steps import Step
from tests.unit.dialled import NOW, PREVIEW, busy, cancelled, delivered, not_started, result, to_dial

COARSE = StoredObject(key="fax/d/dialled-standard.tif", size=900, media_type="image/tiff")


@dataclass
class One:
    """One fax, its rules, and what was told of it."""

    fax: FaxToDial = field(default_factory=to_dial)
    rules: Rules = field(default_factory=Rules)
    now: datetime = NOW
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row: Sending = domain.accept(self.fax, self.now, self.rules)

    def take(self, step: Step | None) -> Step | None:
        if step is not None:
            assert step.sending.version > self.row.version
            self.row = step.sending
            self.told += step.events
        return step

    def call(self) -> DialRequested:
        self.now = max(self.now, self.row.due_at)
        step = self.take(domain.request(self.row, self.now, self.rules))
        assert step is not None
        return next(one for one in step.events if isinstance(one, DialRequested))

    def hear(self, one: TelephonyDialResult) -> Step | None:
        return self.take(results.hear(self.row, one, self.now, self.rules))

    def answer(self, **report: Any) -> Step | None:
        return self.hear(result(self.fax, self.row.attempt, **report))

    def wait(self) -> Step | None:
        self.now = self.row.due_at
        return self.take(domain.expire(self.row, self.now, self.rules))

    def cancel(self, **changes: Any) -> Step | None:
        return self.take(domain.cancel(self.row, cancelled(self.fax, **changes), self.now))

    @property
    def receipts(self) -> list[EmailRequested]:
        return [one for one in self.told if isinstance(one, EmailRequested)]

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def last(self) -> FaxStatusChanged:
        return [one for one in self.told if isinstance(one, FaxStatusChanged)][-1]


def test_a_fax_is_dialled_and_delivered() -> None:
    one = One()
    asked = one.call()
    assert asked.attempt_id == attempt_id(one.fax.fax_id, 1)
    assert (asked.destination, asked.caller_number, asked.pages) == (one.fax.destination, one.fax.fax_number, 3)
    assert asked.not_after == NOW + timedelta(seconds=120)
    assert asked.longest_call_seconds == 300 + 3 * 180
    assert one.row.due_at == asked.not_after + timedelta(seconds=asked.longest_call_seconds + 60)
    one.hear(delivered(one.fax))
    assert (one.state, one.last.state, one.last.stage) == ("delivered", "delivered", "dialer")
    (receipt,) = one.receipts
    assert (receipt.purpose, receipt.failure, receipt.pages, receipt.partial) == ("sent", None, 3, False)
    assert (receipt.subject, receipt.time_zone) == ("Referral for M. Jones", "America/New_York")
    assert (receipt.policy, receipt.document, receipt.recipient) == ("attachment", PREVIEW, one.fax.reply_to)
    assert receipt.requested_at == one.now


def test_nobody_is_mailed_who_gave_no_address() -> None:
    one = One(to_dial(reply_to=None))
    one.call()
    one.hear(delivered(one.fax))
    assert not one.receipts


def from_ata() -> FaxToDial:
    return to_dial(method="ata", sender="20ABCD", thumbnail=PREVIEW)


def test_a_fax_machine_gets_a_page_and_no_mail_if_its_fax_is_not_delivered() -> None:
    one = One(from_ata())
    one.call()
    one.answer(hangup_cause=21)
    assert not one.receipts
    (page,) = [event for event in one.told if isinstance(event, AtaNoticeRequested)]
    assert (page.serial, page.account_id, page.thumbnail) == ("20ABCD", "acc-1", PREVIEW)
    assert page.deadline == one.now + timedelta(minutes=30)
    other = One()
    other.call()
    other.answer(hangup_cause=21)
    assert page.mail == other.receipts[0].model_copy(update={"version": page.version})


def test_a_fax_machine_gets_no_page_if_its_fax_is_delivered() -> None:
    one = One(from_ata())
    one.call()
    one.hear(delivered(one.fax))
    assert not [event for event in one.told if isinstance(event, AtaNoticeRequested)]
    assert [receipt.purpose for receipt in one.receipts] == ["sent"]


def test_a_doubt_that_turns_into_a_failure_is_a_second_page() -> None:
    one = One(from_ata())
    one.call()
    one.wait()
    one.wait()
    one.hear(busy(one.fax))
    pages = [event for event in one.told if isinstance(event, AtaNoticeRequested)]
    assert [page.mail.failure for page in pages] == ["outcome-unknown", "busy"]
    assert pages[0].version < pages[1].version


def test_repeats_change_nothing() -> None:
    one = One()
    one.call()
    assert domain.request(one.row, one.now, one.rules) is None
    one.hear(busy(one.fax))
    assert one.state == "waiting"
    assert one.hear(busy(one.fax)) is None
    assert domain.request(one.row, one.now, one.rules) is None, "not due yet"
    one.call()
    assert one.hear(busy(one.fax)) is None
    one.hear(delivered(one.fax, 2))
    for late in (busy(one.fax), busy(one.fax, 2), delivered(one.fax, 2), not_started(one.fax)):
        assert one.hear(late) is None


def test_a_result_of_another_fax_or_of_no_attempt_is_ignored() -> None:
    one = One()
    assert one.hear(delivered(one.fax)) is None
    one.call()
    assert one.hear(delivered(one.fax, 2)) is None


def test_busy_is_dialled_twelve_times_by_its_schedule() -> None:
    one = One()
    for number in range(1, 13):
        one.call()
        one.hear(busy(one.fax, number))
        if number < 12:
            wait = (one.row.due_at - one.now).total_seconds()
            assert 180 <= wait <= 216
            assert (one.last.state, one.last.reason) == ("waiting-to-redial", "busy")
    assert (one.state, one.row.failure, one.row.dials) == ("failed", "busy", 12)
    assert [receipt.failure for receipt in one.receipts] == ["busy"]


def test_answered_calls_are_three_with_modes_going_down() -> None:
    one = One()
    modes = []
    for _ in range(3):
        modes.append(one.call().mode)
        one.answer(result_code=6, pages_transferred=0)
    assert modes == [
        DialMode(),
        DialMode(v17=False, max_bit_rate=9600),
        DialMode(ecm=False, v17=False, max_bit_rate=4800),
    ]
    assert (one.state, one.row.failure) == ("failed", "line-trouble")


def test_error_correction_goes_first_if_it_was_the_trouble() -> None:
    assert lower(DialMode(), 16) == DialMode(ecm=False)
    assert lower(DialMode(ecm=False), 16) == DialMode(ecm=False, v17=False, max_bit_rate=9600)


def test_time_bounds_retries() -> None:
    one = One(rules=Rules(retry_window=200))
    one.call()
    one.hear(busy(one.fax))
    one.call()
    one.hear(busy(one.fax, 2))
    assert (one.state, one.row.failure) == ("failed", "busy")


def test_what_a_call_finds_about_a_number() -> None:
    found = []
    for report in ({"hangup_cause": 17}, {"hangup_cause": 21}, {"hangup_cause": 34}, {"result_code": 2}, {}):
        one = One()
        one.call()
        step = one.answer(**{"pages_transferred": 0} | report if report else {})
        assert step is not None
        found.append(step.number)
    assert found == ["alive", None, None, "alive", None]


def test_the_ladder_ends_with_coarser_pages_and_then_stays() -> None:
    one = One(rules=Rules(tries=9))
    modes = []
    for _ in range(6):
        modes.append(one.call().mode)
        one.answer(result_code=16, pages_transferred=0)
    assert modes == [
        DialMode(),
        DialMode(ecm=False),
        DialMode(ecm=False, v17=False, max_bit_rate=9600),
        DialMode(ecm=False, v17=False, max_bit_rate=4800),
        DialMode(ecm=False, v17=False, max_bit_rate=4800, resolution="standard"),
        DialMode(ecm=False, v17=False, max_bit_rate=4800, resolution="standard"),
    ]
    assert len(asked_anew(one)) == 1


def test_the_ladder_of_a_standard_fax_asks_for_no_other_pages() -> None:
    one = One(to_dial(resolution="standard"), rules=Rules(tries=9))
    for _ in range(6):
        one.call()
        one.answer(result_code=6, pages_transferred=0)
    assert one.state == "waiting"
    assert not asked_anew(one)


def asked_anew(one: One) -> list[RenderRequested]:
    return [event for event in one.told if isinstance(event, RenderRequested)]


def made_anew(one: One, pages: int = 3, **changes: Any) -> FaxRendered:
    event = asked_anew(one)[-1]
    fields = {name: getattr(event, name) for name in ("fax_id", "version", "account_id", "accepted_at", "destination")}
    return FaxRendered.model_validate(fields | {"document": COARSE, "pages": pages} | changes)


def too_fine(code: int = 11, **changes: Any) -> One:
    one = One(**changes)
    one.call()
    one.answer(result_code=code, pages_transferred=0)
    return one


def test_the_next_call_sends_pages_made_anew() -> None:
    one = too_fine()
    assert (one.state, one.row.due_at) == ("waiting", one.now + timedelta(seconds=600))
    assert [event.a4 for event in asked_anew(one)] == [False]
    assert one.take(rendering.take(one.row, made_anew(one), one.now)) is not None
    assert 60 <= (one.row.due_at - one.now).total_seconds() <= 72
    assert rendering.take(one.row, made_anew(one), one.now) is None, "a repeat"
    asked = one.call()
    assert (asked.document, asked.pages, asked.mode.resolution) == (COARSE, 3, "standard")
    one.hear(delivered(one.fax, 2))
    assert one.state == "delivered"


@pytest.mark.parametrize("answer", [None, {"document": None, "pages": 0}])
def test_without_new_pages_the_old_ones_are_dialled_once_more(answer: dict[str, Any] | None) -> None:
    one = too_fine()
    if answer:
        one.take(rendering.take(one.row, made_anew(one, **answer), one.now))
        assert one.row.due_at < one.now + timedelta(seconds=100), "it isn't waited for any longer"
    asked = one.call()
    assert (asked.document, asked.mode.resolution) == (one.fax.document, "standard")
    assert rendering.take(one.row, made_anew(one), one.now) is None, "a call is under way"
    one.answer(result_code=11, pages_transferred=0)
    assert (one.state, one.row.failure) == ("failed", "machine-incompatible")


def test_pages_that_come_late_are_sent_by_the_call_after() -> None:
    one = too_fine()
    one.call()
    one.hear(busy(one.fax, 2))
    due = one.row.due_at
    one.take(rendering.take(one.row, made_anew(one), one.now))
    assert one.row.due_at == due
    assert one.call().document == COARSE


def test_pages_are_made_anew_once() -> None:
    for first, second in ((11, 11), (12, 12), (11, 12)):
        one = too_fine(first)
        one.take(rendering.take(one.row, made_anew(one), one.now))
        one.call()
        one.answer(result_code=second, pages_transferred=0)
        assert (one.state, one.row.failure, len(asked_anew(one))) == ("failed", "machine-incompatible", 1)


def test_a_standard_fax_is_made_anew_for_its_size_only() -> None:
    assert too_fine(11, fax=to_dial(resolution="standard")).state == "failed"
    one = too_fine(12, fax=to_dial(resolution="standard"))
    assert [event.a4 for event in asked_anew(one)] == [True]


def test_with_another_number_of_pages_only_those_count() -> None:
    one = One(rules=Rules(resume=True, tries=9))
    one.call()
    one.answer(result_code=49, pages_transferred=2)
    one.call()
    one.answer(result_code=11, pages_transferred=0)
    one.take(rendering.take(one.row, made_anew(one, pages=2), one.now))
    asked = one.call()
    assert (asked.first_page, asked.pages) == (1, 2)
    assert one.hear(result(one.fax, 1, result_code=49, pages_transferred=2)) is None, "2 of the 3 old ones"
    one.answer(result_code=0, pages_transferred=1)
    assert one.state == "waiting"
    one.call()
    one.answer(result_code=0, pages_transferred=1)
    assert one.state == "delivered"
    assert one.receipts[0].pages == 2


def test_a_partial_fax_says_what_arrived_and_starts_again() -> None:
    one = One()
    one.call()
    one.answer(result_code=49, pages_transferred=2)
    assert one.call().first_page == 1
    one.answer(result_code=49, pages_transferred=1)
    one.call()
    one.answer(result_code=49, pages_transferred=0)
    (receipt,) = one.receipts
    assert (receipt.pages, receipt.pages_announced, receipt.partial) == (2, 3, True)
    assert one.last.detail == "2 of 3 pages arrived"


def test_it_resumes_where_telephony_can() -> None:
    one = One(rules=Rules(resume=True))
    one.call()
    one.answer(result_code=49, pages_transferred=2)
    assert one.call().first_page == 3
    assert one.hear(result(one.fax, 1, result_code=49, pages_transferred=2)) is None, "a repeat"
    one.answer(result_code=0, pages_transferred=1)
    assert one.state == "delivered"


def test_a_repeat_of_a_broken_call_is_no_delivery_of_the_rest() -> None:
    one = One(rules=Rules(resume=True))
    one.call()
    one.answer(result_code=49, pages_transferred=2)
    assert one.answer(result_code=49, pages_transferred=2) is None
    assert one.state == "waiting"


def test_not_started_counts_as_no_call_and_has_an_end() -> None:
    one = One()
    one.call()
    one.hear(not_started(one.fax))
    assert (one.state, one.row.dials) == ("waiting", 0)
    assert (one.row.due_at - one.now).total_seconds() <= 18
    while one.state == "waiting":
        one.call()
        one.hear(not_started(one.fax, one.row.attempt))
    assert (one.state, one.row.failure) == ("failed", "telephony-away")
    assert one.now - NOW < timedelta(hours=3)


def test_no_result_is_never_dialled_again_and_told_to_the_sender() -> None:
    one = One()
    one.call()
    assert domain.expire(one.row, one.now, one.rules) is None
    one.wait()
    assert (one.state, one.row.holds_line, one.receipts) == ("unanswered", False, [])
    one.wait()
    assert one.state == one.row.failure == "outcome-unknown"
    assert [receipt.failure for receipt in one.receipts] == ["outcome-unknown"]


def test_without_promises_the_destination_stays_taken() -> None:
    one = One(rules=Rules(promises=False))
    one.call()
    one.wait()
    assert one.row.holds_line
    one.wait()
    assert (one.state, one.row.holds_line) == ("outcome-unknown", False)


def test_after_an_outage_results_may_still_come_in() -> None:
    one = One()
    one.call()
    one.now += timedelta(days=3)
    one.take(domain.expire(one.row, one.now, one.rules))
    assert one.row.due_at == one.now + timedelta(hours=1)
    one.hear(delivered(one.fax))
    assert one.state == "delivered"
    assert len(one.receipts) == 1


@pytest.mark.parametrize(
    ("report", "state", "failure"),
    [
        ({"result_code": 0, "pages_transferred": 3}, "delivered", None),
        ({"hangup_cause": 17, "pages_transferred": 0}, "failed", "busy"),
        ({"outcome": "not-started"}, "failed", "telephony-away"),
    ],
)
def test_a_late_result_corrects_once(report: dict[str, Any], state: str, failure: str | None) -> None:
    one = One()
    one.call()
    one.wait()
    one.wait()
    before = one.row.version
    late = result(one.fax, 1, **report)
    one.hear(late)
    assert (one.state, one.row.failure, one.row.corrected) == (state, failure, True)
    assert one.row.version == before + 2, "after the status of the first receipt's mail"
    assert len(one.receipts) == 2
    assert one.hear(late) is None
    assert one.hear(delivered(one.fax)) is None


def test_a_late_delivery_corrects_any_other_end() -> None:
    one = One()
    one.call()
    one.answer(hangup_cause=21)
    assert one.state == "failed"
    assert one.hear(busy(one.fax)) is None
    one.hear(delivered(one.fax))
    assert one.state == "delivered"


def test_a_report_that_tells_nothing_ends_in_doubt_or_is_redialled_where_wished() -> None:
    one = One()
    one.call()
    one.answer(hangup_cause=41)
    assert one.state == "outcome-unknown"
    other = One(rules=Rules(redial_unanswered=True))
    other.call()
    other.answer(hangup_cause=41)
    assert other.state == "waiting"
    other.call()
    other.answer(hangup_cause=1, pages_transferred=0)
    assert other.state == "outcome-unknown", "the first call may have delivered"


def test_a_late_result_of_one_attempt_leaves_the_doubt_about_another() -> None:
    one = One(rules=Rules(redial_unanswered=True, tries=2))
    one.call()
    one.answer(hangup_cause=41)
    one.call()
    one.wait()
    one.wait()
    assert one.state == "outcome-unknown"
    assert one.hear(busy(one.fax, 2)) is None
    one.hear(delivered(one.fax, 1))
    assert one.state == "delivered"


@pytest.mark.parametrize("when", ["waiting", "requested", "unanswered"])
def test_an_earlier_attempt_turns_out_to_have_delivered(when: str) -> None:
    one = One(rules=Rules(redial_unanswered=True))
    one.call()
    one.wait()
    one.wait()
    if when != "waiting":
        one.call()
    if when == "unanswered":
        one.wait()
    one.hear(delivered(one.fax, 1))
    if when != "waiting":
        assert not one.receipts, "a call is under way: its line stays taken"
        one.hear(busy(one.fax, 2))
    assert one.state == "delivered"
    assert len(one.receipts) == 1


def test_cancelled_while_waiting() -> None:
    one = One()
    assert one.cancel(account_id="acc-2") is None
    one.cancel()
    assert (one.state, one.last.state) == ("cancelled", "cancelled")
    assert one.cancel() is None
    assert domain.request(one.row, one.now, one.rules) is None
    assert [receipt.failure for receipt in one.receipts] == ["cancelled"]


@pytest.mark.parametrize(
    ("report", "state"),
    [
        ({"result_code": 0, "pages_transferred": 3}, "delivered"),
        ({"hangup_cause": 17}, "cancelled"),
        ({"outcome": "not-started"}, "cancelled"),
        ({}, "outcome-unknown"),
    ],
)
def test_cancelled_in_a_call_which_goes_on(report: dict[str, Any], state: str) -> None:
    one = One()
    one.call()
    one.cancel()
    assert (one.state, one.last.state) == ("requested", "dialling")
    assert one.cancel() is None
    one.answer(**report)
    assert one.state == state


def test_a_number_that_is_none_is_remembered() -> None:
    one = One()
    one.call()
    step = one.answer(hangup_cause=1, sip_status=404, pages_transferred=0)
    assert step is not None
    assert step.number == "dead"
    assert (one.state, one.row.failure) == ("failed", "number-unallocated")
    other = One(to_dial(1))
    other.take(domain.refuse(other.row, NOW))
    assert (other.state, other.row.failure, other.row.attempt) == ("failed", "number-unallocated", 0)
    assert domain.refuse(other.row, NOW) is None


def test_no_fax_waits_for_a_line_for_ever() -> None:
    one = One()
    assert domain.expire(one.row, one.now + timedelta(hours=23), one.rules) is None
    one.take(domain.expire(one.row, one.now + timedelta(hours=24), one.rules))
    assert (one.state, one.row.failure) == ("failed", "telephony-away")


def test_silent_telephony_gets_one_call_at_a_time() -> None:
    later = NOW + timedelta(seconds=1)
    assert Trunk(held=3, requested=3, silent_since=None, heard_at=None).free(20, later) == 17
    assert Trunk(held=20, requested=20, silent_since=None, heard_at=None).free(20, later) == 0
    assert Trunk(held=0, requested=0, silent_since=NOW, heard_at=None).free(20, later) == 1
    assert Trunk(held=1, requested=1, silent_since=later, heard_at=NOW).free(20, later) == 0
    assert Trunk(held=1, requested=1, silent_since=NOW, heard_at=later).free(20, later) == 19
    much_later = NOW + timedelta(minutes=6)
    assert Trunk(held=1, requested=1, silent_since=NOW, heard_at=None).free(20, much_later) == 1, "behind a long probe"


def test_delays_are_the_same_however_often_they_are_computed_and_spread() -> None:
    rules = Rules()
    delays = [rules.again("busy", to_dial(number).fax_id, 1) for number in range(50)]
    assert delays == [rules.again("busy", to_dial(number).fax_id, 1) for number in range(50)]
    assert len(set(delays)) > 40


def test_a_row_from_before_attempts_were_kept_still_hears_their_results() -> None:
    """Written by a release without `asked`: the call at hand counts, and so does one before it that tells late."""
    one = One()
    one.call()
    one.hear(busy(one.fax))
    one.call()
    before = one.row.model_dump(mode="json")
    del before["asked"], before["again_at"]
    old = Sending.stored(json.dumps(before))
    for attempt in (1, 2):
        heard = results.hear(old, delivered(one.fax, attempt), one.now, one.rules)
        assert heard is not None
        assert heard.sending.arrived == 3
    again = results.hear(old, busy(one.fax, 2), one.now, one.rules)
    assert again is not None
    third = domain.request(again.sending, again.sending.due_at, one.rules)
    assert third is not None
    assert len(third.sending.asked) == 3
