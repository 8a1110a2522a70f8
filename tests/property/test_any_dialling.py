"""Any order of results, repeats, losses, crashes and clock jumps: no phone rings twice, and every fax ends.

The dialer's real handlers, database and outbox, beside a telephony that keeps its promises and asserts them.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event

from schemas.base import StoredObject
from schemas.fax import FaxRendered, FaxToDial, RenderRequested
from schemas.telephony import DialRequested
from services._runtime.database import connect, migrate
from services.dialer.settings import DialerSettings
from tests.unit.dialing_world import FINAL, Call, World
from tests.unit.dialled import PAGES, cancelled, to_dial

DESTINATIONS = ("+12025550171", "+12025550172", "+12025550173")
ACCOUNTS = ("acc-1", "acc-2")
LINES = 2

REPORTS: list[tuple[dict[str, Any], bool]] = [
    ({"result_code": 0, "pages_transferred": PAGES}, True),
    ({"result_code": 49, "pages_transferred": PAGES}, True),
    ({"result_code": 49, "pages_transferred": 1}, False),
    ({"result_code": 0, "pages_transferred": 0}, False),
    ({"result_code": 2, "pages_transferred": 0}, False),
    ({"result_code": 16, "pages_transferred": 2}, False),
    ({"result_code": 11, "pages_transferred": 0}, False),
    ({"result_code": 41, "pages_transferred": 0}, False),
    ({"hangup_cause": 17, "pages_transferred": 0}, False),
    ({"hangup_cause": 18}, False),
    ({"hangup_cause": 1, "sip_status": 404}, False),
    ({"sip_status": 503}, False),
    ({"hangup_cause": 16}, True),  # telephony doesn't know, and it did deliver
    ({}, False),  # telephony doesn't know, and it didn't
]


def told_of(report: dict[str, Any], request: DialRequested) -> dict[str, Any]:
    """`report` of a call that was asked for other pages than the first `PAGES`: all of them, or fewer."""
    asked, pages = request.pages - request.first_page + 1, report.get("pages_transferred")
    if pages is None:
        return report
    return report | {"pages_transferred": asked if pages == PAGES else min(pages, asked - 1)}


def _careless(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the machine doesn't lose its power here


class Dialling(RuleBasedStateMachine):
    """Each rule is something the world may do at any time."""

    promises, redial, resume = True, False, False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.faxes: list[FaxToDial] = []
        self.lost = False

    @initialize(faxes=st.integers(2, 6))
    def begin(self, faxes: int) -> None:
        engine = connect(f"sqlite:///{Path(self.folder.name)}/dialer.sqlite")
        event.listen(engine.sync_engine, "connect", _careless)
        self.runner.run(migrate(engine, "services.dialer"))
        chosen = {"database": "sqlite://", "lines": LINES, "telephony_promises": self.promises}
        chosen |= {"redial_unanswered": self.redial, "resume": self.resume}
        self.world = World(engine, DialerSettings.model_validate(chosen))
        self.world.telephony.forgiving = self.redial
        for number in range(faxes):
            self.a_fax_comes(DESTINATIONS[number % 2], ACCOUNTS[number % 3 % 2])

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.everything_ends()
                self.runner.run(self.world.engine.dispose())
        finally:
            self.runner.close()
            self.folder.cleanup()

    @rule(destination=st.sampled_from(DESTINATIONS), account=st.sampled_from(ACCOUNTS))
    def another_fax_comes(self, destination: str, account: str) -> None:
        self.a_fax_comes(destination, account)

    def a_fax_comes(self, destination: str, account: str) -> None:
        fax = to_dial(len(self.faxes), destination=destination, account_id=account)
        self.faxes.append(fax)
        self.runner.run(self.world.give(fax))

    @precondition(lambda self: self.faxes)
    @rule(data=st.data())
    def a_fax_comes_again(self, data: st.DataObject) -> None:
        self.runner.run(self.world.give(data.draw(st.sampled_from(self.faxes))))

    @precondition(lambda self: self.faxes)
    @rule(data=st.data())
    def a_fax_is_cancelled(self, data: st.DataObject) -> None:
        fax = data.draw(st.sampled_from(self.faxes))
        self.runner.run(self.world.sweeper.dialer.handle(cancelled(fax)))

    @rule()
    def the_clock_is_looked_at(self) -> None:
        self.runner.run(self.world.sweep())

    @rule()
    def the_outbox_is_published(self) -> None:
        self.runner.run(self.world.relay())

    @rule()
    def the_relay_dies_after_publishing(self) -> None:
        self.world.log.lost = True
        self.runner.run(self.world.relay())
        self.world.log.lost = False

    @rule()
    def telephony_reads(self) -> None:
        self.world.telephony_reads()

    @rule()
    def telephony_reads_all_again(self) -> None:
        self.world.read = 0
        self.world.telephony_reads()

    @rule(report=st.sampled_from(REPORTS), told=st.sampled_from((True, True, False)), heard=st.booleans())
    def the_usual(self, report: tuple[dict[str, Any], bool], told: bool, heard: bool) -> None:
        """Something is due, a call is placed, and it ends; perhaps the result is read at once."""
        self.runner.run(self.world.turn())
        for call in self.world.telephony.ongoing[:1]:
            self.ends(call, report, told=told)
        if heard and self.world.telephony.results:
            self.runner.run(self.world.hear(self.world.telephony.results[-1]))

    @precondition(lambda self: self.world.telephony.ongoing)
    @rule(data=st.data(), report=st.sampled_from(REPORTS), told=st.sampled_from((True, True, True, False)))
    def a_call_ends(self, data: st.DataObject, report: tuple[dict[str, Any], bool], told: bool) -> None:
        call = data.draw(st.sampled_from(self.world.telephony.ongoing))
        self.ends(call, report, told=told)

    def ends(self, call: Call, report: tuple[dict[str, Any], bool], *, told: bool) -> None:
        self.world.telephony.end(call, told_of(report[0], call.request), delivers=report[1], told=told)

    @precondition(lambda self: self.world.log.of(RenderRequested))
    @rule(data=st.data(), pages=st.sampled_from((PAGES, PAGES, PAGES - 1, PAGES + 1, 0)))
    def pages_are_made_anew_at_any_time_and_again(self, data: st.DataObject, pages: int) -> None:
        event = data.draw(st.sampled_from(self.world.log.of(RenderRequested)))
        document = StoredObject(key=f"fax/d/dialled-{pages}.tif", size=9, media_type="image/tiff") if pages else None
        same = event.model_dump(include={"fax_id", "version", "account_id", "accepted_at", "destination"})
        new = FaxRendered.model_validate({**same, "document": document, "pages": pages})
        self.runner.run(self.world.sweeper.dialer.handle(new))

    @precondition(lambda self: self.world.telephony.results)
    @rule(data=st.data())
    def a_result_is_read_at_any_time_and_again(self, data: st.DataObject) -> None:
        result = data.draw(st.sampled_from(self.world.telephony.results))
        self.runner.run(self.world.hear(result))

    @precondition(lambda self: self.world.telephony.results)
    @rule()
    def all_results_are_read(self) -> None:
        for result in self.world.telephony.results:
            self.runner.run(self.world.hear(result))

    @rule(seconds=st.sampled_from((1, 30, 200, 400, 1000, 3600, 11_000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        clock, telephony = self.world.clock, self.world.telephony
        clock.advance(seconds)
        for call in telephony.ongoing:
            if call.latest_end < clock():  # telephony ends it, whether or not anybody is told
                telephony.end(call, {"result_code": 49, "pages_transferred": 0}, delivers=False, told=seconds % 3 == 0)

    @rule()
    def a_process_dies_and_another_starts(self) -> None:
        self.world.sweeper = self.world.dialer()

    @invariant()
    def no_phone_rings_twice_for_one_attempt(self) -> None:
        if hasattr(self, "world"):
            assert all(times == 1 for times in self.world.telephony.rang.values())
            assert all(len(different) == 1 for different in self.world.requests().values())
            assert len(self.world.telephony.ongoing) <= LINES

    def everything_ends(self) -> None:
        world, telephony = self.world, self.world.telephony
        heard = 0
        for turn in range(200):
            self.runner.run(world.turn())
            for call in telephony.ongoing:
                report, delivers = REPORTS[len(telephony.calls) % len(REPORTS)]
                self.ends(call, (report, delivers), told=len(telephony.calls) % 5 > 0)
            for result in telephony.results[heard:]:
                self.runner.run(world.hear(result))
            heard = len(telephony.results)
            self.runner.run(world.relay())
            if all(FINAL & set(world.states(fax)) for fax in self.faxes):
                break
            world.clock.advance(400 if turn < 100 else 4000)
        self.check_ends()

    def check_ends(self) -> None:
        for fax in self.faxes:
            told, last = self.world.receipts(fax), self.world.last(fax)
            ends = [state for state in self.world.states(fax) if state in FINAL]
            assert last.state in FINAL, f"{last.state} for ever"
            assert len(ends) in (1, 2)
            assert len(told) == len(ends)
            assert told[-1].purpose == ("sent" if last.state == "delivered" else "failed")
            there = self.world.telephony.delivered(fax.fax_id)
            assert there or last.state != "delivered", "told as delivered, and isn't"
            assert not there or last.state in {"delivered", "outcome-unknown"}, "told as not delivered, and is"


class DiallingWithoutPromises(Dialling):
    """The same when telephony promises nothing: no destination is called while a call may go on."""

    promises = False


class DiallingAgain(Dialling):
    """The same where the operator prefers a fax twice to a fax in doubt; telephony lets the fax be dialled again."""

    redial = True


class DiallingOn(Dialling):
    """The same where telephony can begin at a later page."""

    resume = True


TestDialling = Dialling.TestCase
TestDialling.settings = settings(
    max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDiallingWithoutPromises = DiallingWithoutPromises.TestCase
TestDiallingWithoutPromises.settings = settings(TestDialling.settings, max_examples=3)
TestDiallingOn = DiallingOn.TestCase
TestDiallingOn.settings = settings(TestDialling.settings, max_examples=3)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("machine", [Dialling, DiallingWithoutPromises, DiallingAgain, DiallingOn])
def test_for_long(machine: type[Dialling]) -> None:
    run_state_machine_as_test(machine, settings=settings(TestDialling.settings, max_examples=200))
