"""The simulator's promises about attempts: once, not late, not again after a death. Its calls are fakes here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from deploy.local.telephony import journal, kept
from deploy.local.telephony.attempts import Attempts
from deploy.local.telephony.ends import Ended
from deploy.local.telephony.journal import Journal
from deploy.local.telephony.switchboard import Switchboard
from deploy.local.telephony.t30 import CallFailedError
from deploy.local.telephony.telling import Teller
from schemas.envelope import decode
from schemas.telephony import CallReport, DialRequested, TelephonyDialResult
from schemas.topics import TELEPHONY_DIAL_RESULT
from services._runtime.database import connect
from services._runtime.publisher import Message, PublishUnknown
from tests.fakes import MemoryBlobs
from tests.unit.test_far_ends import request

FAX_MACHINE, NEVER, TWICE, LATE, BEHIND = (f"+1202555{last}" for last in ("0100", "0183", "0180", "0181", "0182"))


@dataclass
class FakeCalls:
    """Ends every call at once, unless `gate` is closed."""

    placed: list[tuple[DialRequested, int, bool]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def call(self, request: DialRequested, document: bytes, *, number: int, engaged: bool) -> Ended:
        self.placed.append((request, number, engaged))
        await self.gate.wait()
        if self.fails:
            raise CallFailedError("died of SIGSEGV")
        return Ended(CallReport(result_code=0, pages_transferred=request.pages), 30.0, document, request.pages)


@dataclass
class FakePublisher:
    """Confirms unless told otherwise."""

    results: list[TelephonyDialResult] = field(default_factory=list)
    unknown: bool = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.unknown:
            raise PublishUnknown("switched off in a test")
        for message in messages:
            event = decode(TELEPHONY_DIAL_RESULT, message.headers, message.value)
            assert isinstance(event, TelephonyDialResult)
            assert message.key == str(event.fax_id).encode()
            self.results.append(event)


@dataclass
class World:
    """One life of the simulator on the folder of earlier ones."""

    folder: Path
    switchboard: Switchboard
    teller: Teller
    calls: FakeCalls
    published: FakePublisher
    blobs: MemoryBlobs
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.at

    async def told(self, number: int) -> list[TelephonyDialResult]:
        """Wait for so many results, which are all, and until they are counted as told."""
        await until(lambda: len(self.published.results) >= number)
        async with asyncio.timeout(10):
            while await self.teller.attempts.due(self.now()):  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)
        return self.published.results

    async def over(self) -> None:
        """Wait until every call has ended and its end is written down."""
        async with asyncio.timeout(10):
            while await self.teller.attempts.waiting() or await self.teller.attempts.interrupted():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def placed(self, number: int) -> None:
        await until(lambda: len(self.calls.placed) >= number)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def sudden_death(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.telephony.switchboard.DRAIN_SECONDS", 0.0)


@asynccontextmanager
async def life(folder: Path, *, open_gate: bool = True) -> AsyncIterator[World]:
    engine = connect(f"sqlite:///{folder}/attempts.sqlite")
    attempts, results, blobs = Attempts(engine), asyncio.Event(), MemoryBlobs({"fax/dialled.tif": b"II*\0"})
    await attempts.prepare()
    calls, published = FakeCalls(), FakePublisher()
    violations = Counter("violations", "", registry=CollectorRegistry())
    switchboard = Switchboard(
        attempts, calls, blobs, folder, Journal(folder / "calls.jsonl"), violations, results, sleep=_briefly
    )
    world = World(folder, switchboard, Teller(attempts, published, results), calls, published, blobs)
    switchboard.now = world.now
    object.__setattr__(world.teller, "now", world.now)
    if open_gate:
        calls.gate.set()
    await switchboard.settle_interrupted()
    tasks = [asyncio.create_task(switchboard.run()), asyncio.create_task(world.teller.run())]
    try:
        yield world
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.dispose()


async def _briefly(_seconds: float) -> None:
    await asyncio.sleep(0)


async def test_a_request_is_dialled_and_told_and_the_far_end_keeps_it(tmp_path: Path) -> None:
    asked = request(FAX_MACHINE)
    async with life(tmp_path) as world:
        await world.switchboard.take(asked)
        (result,) = await world.told(1)
    assert (result.fax_id, result.attempt_id, result.outcome) == (asked.fax_id, asked.attempt_id, "ended")
    assert (result.call.result_code, result.call.pages_transferred, result.pages_total) == (0, 3, 3)
    (call,) = kept.calls(tmp_path, FAX_MACHINE)
    assert (call.fax_id, call.attempt_id, call.result) == (asked.fax_id, asked.attempt_id, result)
    assert call.file == tmp_path / "far-end" / FAX_MACHINE / f"{asked.attempt_id}.tif"
    assert call.file.read_bytes() == b"II*\0"
    assert [line["what"] for line in journal.read(tmp_path / "calls.jsonl")] == ["began", "ended"]


async def test_a_repeated_request_is_not_dialled_but_told_again(tmp_path: Path) -> None:
    asked = request(FAX_MACHINE)
    async with life(tmp_path) as world:
        await world.switchboard.take(asked)
        await world.told(1)
        await world.switchboard.take(asked)
        first, again = await world.told(2)
    async with life(tmp_path) as later:
        await later.switchboard.take(asked)
        (last,) = await later.told(1)
        assert later.calls.placed == []
    assert first == again == last
    assert len(world.calls.placed) == 1


async def test_a_request_repeated_during_its_call_is_told_once(tmp_path: Path) -> None:
    asked, other = request(FAX_MACHINE), request("+12025550101")
    async with life(tmp_path, open_gate=False) as world:
        await world.switchboard.take(asked)
        await world.placed(1)
        await world.switchboard.take(asked)
        await world.switchboard.take(other)
        await world.placed(2)
        world.calls.gate.set()
        results = await world.told(2)
    assert {one.attempt_id for one in results} == {asked.attempt_id, other.attempt_id}
    assert len(world.calls.placed) == 2


async def test_a_call_that_a_death_interrupted_is_told_of_and_never_placed_again(tmp_path: Path) -> None:
    asked = request(FAX_MACHINE)
    async with life(tmp_path, open_gate=False) as world:
        await world.switchboard.take(asked)
        await world.placed(1)
    async with life(tmp_path) as later:
        (result,) = await later.told(1)
        await later.switchboard.take(asked)
        assert await later.told(2) == [result, result]
        assert later.calls.placed == []
    assert result.outcome == "ended"
    assert (result.call.result_code, result.call.pages_transferred, result.pages_total) == (None, None, None)
    assert list(kept.calls(tmp_path)) == []
    lines = journal.read(tmp_path / "calls.jsonl")
    assert [line.get("interrupted", False) for line in lines] == [False, True]


async def test_a_call_under_way_may_end_when_the_process_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.telephony.switchboard.DRAIN_SECONDS", 10.0)
    asked = request(FAX_MACHINE)
    async with life(tmp_path, open_gate=False) as world:
        await world.switchboard.take(asked)
        await world.placed(1)
        asyncio.get_running_loop().call_later(0.05, world.calls.gate.set)
    async with life(tmp_path) as later:
        (result,) = await later.told(1)
    assert (result.outcome, result.call.result_code) == ("ended", 0)


async def test_what_waited_when_the_process_died_is_dialled_by_the_next(tmp_path: Path) -> None:
    asked = [request(f"+1202555011{last}") for last in range(6)]
    async with life(tmp_path, open_gate=False) as world:
        for one in asked:
            await world.switchboard.take(one)
        await world.placed(4)
        assert len(world.calls.placed) == 4, "as many as there are lines"
    async with life(tmp_path) as later:
        results = await later.told(6)
    assert {one.attempt_id for one in results} == {one.attempt_id for one in asked}
    assert [placed.attempt_id for placed, _, _ in later.calls.placed] == [one.attempt_id for one in asked[4:]]


async def test_nothing_starts_after_not_after(tmp_path: Path) -> None:
    asked = request(FAX_MACHINE)
    async with life(tmp_path) as world:
        world.at = asked.not_after + timedelta(microseconds=1)
        await world.switchboard.take(asked)
        (result,) = await world.told(1)
        world.at = asked.not_after - timedelta(seconds=1)
        await world.switchboard.take(asked)
        assert await world.told(2) == [result, result]
    assert (result.outcome, result.call.pages_transferred) == ("not-started", None)
    assert world.calls.placed == []


async def test_nothing_starts_after_not_after_however_long_its_pages_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(FAX_MACHINE)
    async with life(tmp_path) as world:
        get = world.blobs.get

        async def slowly(key: str) -> bytes | None:
            world.at = asked.not_after + timedelta(seconds=1)
            return await get(key)

        monkeypatch.setattr(world.blobs, "get", slowly)
        await world.switchboard.take(asked)
        (result,) = await world.told(1)
    assert result.outcome == "not-started"
    assert world.calls.placed == []


async def test_while_the_store_is_away_a_call_waits_until_not_after(tmp_path: Path) -> None:
    short, long = request(FAX_MACHINE), request("+12025550101")
    long = long.model_copy(update={"not_after": long.not_after + timedelta(hours=1)})
    async with life(tmp_path) as world:
        world.blobs.away = True
        await world.switchboard.take(short)
        await world.switchboard.take(long)
        world.at = short.not_after + timedelta(seconds=1)
        (late,) = await world.told(1)
        assert world.calls.placed == []
        world.blobs.away = False
        _, result = await world.told(2)
    assert (late.attempt_id, late.outcome) == (short.attempt_id, "not-started")
    assert (result.attempt_id, result.outcome) == (long.attempt_id, "ended")


async def test_without_its_document_a_call_ends_as_a_fault_of_the_file(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.blobs.objects.clear()
        await world.switchboard.take(request(FAX_MACHINE))
        (result,) = await world.told(1)
    assert (result.outcome, result.call.result_code, result.call.pages_transferred) == ("ended", 41, 0)
    assert world.calls.placed == []


async def test_a_call_whose_process_crashed_is_one_of_which_nothing_is_known(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.calls.fails = True
        await world.switchboard.take(request(FAX_MACHINE))
        (result,) = await world.told(1)
    assert (result.outcome, result.call.result_code, result.call.pages_transferred) == ("ended", None, None)


async def test_two_calls_to_one_destination_at_once_are_noted_and_the_second_is_busy(tmp_path: Path) -> None:
    async with life(tmp_path, open_gate=False) as world:
        for _ in range(2):
            await world.switchboard.take(request(FAX_MACHINE))
        await world.placed(2)
        world.calls.gate.set()
        await world.told(2)
    assert [engaged for _, _, engaged in world.calls.placed] == [False, True]
    assert len(journal.violations(tmp_path / "calls.jsonl")) == 1
    assert world.switchboard.violations._value.get() == 1


async def test_calls_after_each_other_are_no_violation_and_are_counted_by_fax(tmp_path: Path) -> None:
    first = request(FAX_MACHINE)
    again = first.model_copy(update={"attempt_id": request(FAX_MACHINE).attempt_id, "attempt": 2})
    async with life(tmp_path) as world:
        for number, one in enumerate((first, again, request(FAX_MACHINE)), 1):
            await world.switchboard.take(one)
            await world.told(number)
    assert [number for _, number, _ in world.calls.placed] == [1, 2, 1]
    assert journal.violations(tmp_path / "calls.jsonl") == []


async def test_a_result_is_told_until_it_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.telephony.telling.AGAIN_SECONDS", 0.01)
    async with life(tmp_path) as world:
        world.published.unknown = True
        await world.switchboard.take(request(FAX_MACHINE))
        await until(lambda: bool(list(kept.calls(tmp_path))))
        assert world.published.results == []
        world.published.unknown = False
        await world.told(1)


async def test_results_told_twice_late_behind_and_never(tmp_path: Path) -> None:
    never, twice, late, behind = (request(number) for number in (NEVER, TWICE, LATE, BEHIND))
    async with life(tmp_path) as world:
        for one in (never, behind, late):
            await world.switchboard.take(one)
        await world.over()
        await world.switchboard.take(never)
        await world.switchboard.take(twice)
        await world.told(2)
        assert {one.attempt_id for one in world.published.results} == {twice.attempt_id}
        world.at += timedelta(seconds=6)
        world.switchboard.results.set()
        results = await world.told(4)
    assert [one.attempt_id for one in results[2:]] in (
        [behind.attempt_id, late.attempt_id],
        [late.attempt_id, behind.attempt_id],
    )
    assert len(results) == 4
