"""Retention's decisions without a store: dates, verdicts, holds, pace, keys, metrics, late events."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from schemas.accounts import Brand
from schemas.base import StoredObject
from schemas.envelope import encode
from schemas.fax import EmailRequested, FaxStatusChanged, ReceivedFaxReady
from schemas.retention import FaxExpired, HoldChanged, RetentionRequested
from schemas.topics import FAX_READY, MESSAGE_LIMIT, RETENTION_REQUESTED
from services._runtime.expiry import expiry
from services._runtime.hold_table import HoldTable, is_scope
from services._runtime.metrics import Metrics, StageMetrics, shown_in
from services._runtime.outcomes import DependencyAway, Done, Outcome
from services._runtime.publisher import message_of
from services._runtime.settings import KafkaSettings
from services._runtime.settling import Settling
from services._runtime.stage import Stage
from services.portal.inventory.held import IN_FORCE_AFTER
from services.retention.adapters import REQUEST_SECONDS
from services.retention.domain import (
    Facts,
    Verdict,
    due_before,
    earliest,
    is_due,
    is_gone,
    latest_slot,
    may_be_due,
    named,
    verdict,
    wholly_due,
)
from services.retention.files import File
from services.retention.findings import SAMPLES, Findings
from services.retention.holds import GOOD_SECONDS, cover
from services.retention.index import FaxIndex
from services.retention.pace import Pace
from services.retention.remains import Remains
from services.retention.sweep import Candidate, Sweep
from services.retention.telling import Told
from tests.integration.stored_faxes import MemoryHolds
from tests.unit.records import FakeRecord

YEAR, DAY, SECOND = timedelta(days=365), timedelta(days=1), timedelta(seconds=1)
NOW = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
FAX = UUID(int=7)


@pytest.mark.parametrize(("age", "due"), [(YEAR - SECOND, False), (YEAR, False), (YEAR + SECOND, True)])
def test_older_than_365_days_to_the_second(age: timedelta, due: bool) -> None:
    accepted = NOW - age
    assert is_due(accepted.date(), accepted, NOW - YEAR) is due


def test_a_leap_day_is_a_day_like_any_other() -> None:
    accepted = datetime(2028, 2, 29, 12, tzinfo=UTC)
    last = datetime(2029, 2, 28, 12, tzinfo=UTC)
    assert not is_due(accepted.date(), accepted, last - YEAR)
    assert is_due(accepted.date(), accepted, last + SECOND - YEAR)
    before = datetime(2028, 2, 28, 12, tzinfo=UTC)
    assert not is_due(before.date(), before, datetime(2029, 2, 27, 12, tzinfo=UTC) - YEAR), "366 days in that year"
    assert is_due(before.date(), before, datetime(2029, 2, 27, 12, 0, 1, tzinfo=UTC) - YEAR)


def test_a_day_in_utc_whatever_the_zone_of_the_bound() -> None:
    bound = datetime(2025, 11, 24, 1, tzinfo=timezone(timedelta(hours=9)))  # the 23rd, 16:00 UTC
    assert may_be_due(date(2025, 11, 23), bound)
    assert not wholly_due(date(2025, 11, 23), bound)
    assert not may_be_due(date(2025, 11, 24), bound)


def test_an_unknown_instant_is_due_when_its_whole_day_is() -> None:
    day = date(2025, 11, 23)
    assert not is_due(day, None, datetime(2025, 11, 23, 23, 59, 59, tzinfo=UTC))
    assert is_due(day, None, datetime(2025, 11, 24, tzinfo=UTC))


def test_no_task_makes_anything_younger_due_than_the_contract_says() -> None:
    far = NOW + 10 * YEAR
    whole = RetentionRequested(day=NOW.date(), due_before=far)
    named_ = RetentionRequested(day=NOW.date(), due_before=far, fax_ids=(FAX,))
    assert due_before(whole, NOW) == NOW - YEAR
    assert due_before(named_, NOW) == NOW - 30 * DAY
    older = NOW - 2 * YEAR
    assert due_before(whole.model_copy(update={"due_before": older}), NOW) == older
    assert earliest(NOW, NOW - DAY) == NOW - DAY


@pytest.mark.parametrize(
    ("due", "held", "in_place", "set_aside", "word"),
    [
        (True, False, True, False, "expire"),
        (False, False, True, False, "keep"),
        (True, True, True, False, "hold"),
        (True, True, True, True, "hold"),
        (True, True, False, True, "keep"),
        (False, True, True, False, "keep"),
        (True, False, False, True, "restore"),
        (True, False, True, True, "restore"),
        (False, False, False, True, "restore"),
        (True, False, False, False, "expire"),
        (False, False, False, False, "keep"),
    ],
)
def test_verdicts(*, due: bool, held: bool, in_place: bool, set_aside: bool, word: Verdict) -> None:
    assert verdict(due=due, held=held, in_place=in_place, set_aside=set_aside) == word


@pytest.mark.parametrize(
    ("accepted_at", "gone"),
    [
        (None, True),
        (NOW - YEAR - SECOND, True),
        (NOW - YEAR, False),
        (NOW - YEAR - DAY, False),  # it lies on another day: the task that names it is wrong
    ],
)
def test_a_fax_of_which_nothing_is_stored_is_gone_unless_its_acceptance_knows_better(
    accepted_at: datetime | None, *, gone: bool
) -> None:
    assert is_gone((NOW - YEAR).date(), accepted_at, NOW - YEAR) is gone


def test_each_kind_that_is_off_has_examples_however_much_another_is() -> None:
    found = Findings()
    for number in range(1_000):
        found.add("overdue_objects", f"fax/{number}")
    found.add("records_without_objects", "accepted/x")
    assert len(found.examples) == SAMPLES + 1
    assert found.examples[-1] == "records_without_objects: accepted/x"


async def test_a_fax_in_part_refused_is_asked_for_once_when_the_store_goes_away() -> None:
    """A task names 300 faxes at most: one that was full and named some twice could not be asked for again."""

    class Failing:
        """Refuses an object, then doesn't answer."""

        async def versioned(self) -> bool:
            raise DependencyAway("object-store", "switched off in a test")

        async def delete(self, files: Sequence[File], _still_good: Callable[[], None]) -> list[File]:
            return list(files[:1])

    faxes = [UUID(int=number) for number in range(300)]
    due = [Candidate(Remains(one, documents=[File(f"{one}/document.pdf")]), Facts(one), True, True) for one in faxes]
    parts = cast("Any", SimpleNamespace(bucket=Failing(), holds=MemoryHolds(), pace=Pace(1e9)))
    sweep = Sweep(parts.bucket, parts, parts.holds, parts, parts.pace, lambda: NOW)
    swept = await sweep.carry_out(due, (NOW - YEAR).date())
    assert list(swept.refused) == faxes[:1]
    assert swept.unfinished == faxes[1:]


@pytest.mark.parametrize(
    ("scope", "good"),
    [
        (f"fax:{FAX}", True),
        ("fax:7", False),
        (f"fax:{str(FAX).upper()}x", False),
        ("account:a b", True),
        ("domain:clinic.example", True),
        ("domain:", False),
        ("reseller:x", False),
        ("", False),
    ],
)
def test_scopes(scope: str, good: bool) -> None:
    assert is_scope(scope) is good


def hold(scope: str) -> HoldChanged:
    return HoldChanged(scope=scope, held=True, reason="r", by="b", at=NOW)


def test_a_hold_covers_its_fax_account_or_domain_and_what_may_be_theirs() -> None:
    fax = Facts(FAX, NOW, "north", "clinic.example")
    assert all(cover([hold(one)], fax) for one in (f"fax:{FAX}", "account:north", "domain:clinic.example"))
    assert not cover([hold("account:south"), hold("domain:north"), hold(f"fax:{UUID(int=8)}")], fax)
    assert not cover([], fax)
    unreadable = Facts(FAX, NOW, owner_known=False)
    assert cover([hold("account:south")], unreadable)
    assert not cover([hold(f"fax:{UUID(int=8)}")], unreadable)
    assert not cover([hold("account:south")], Facts(FAX, NOW)), "a fax nobody decided about is nobody's"


def record(event: HoldChanged, offset: int = 0) -> FakeRecord:
    value, headers = encode(event, source="t", at=NOW)
    return FakeRecord(offset, key=event.scope.encode(), value=value, headers=headers)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> HoldTable:
    async def caught_up(_self: HoldTable, _seconds: float) -> None:
        return

    monkeypatch.setattr(HoldTable, "catch_up", caught_up)
    return HoldTable(KafkaSettings(bootstrap="nowhere:1"))


async def test_the_newest_word_on_a_scope_counts(table: HoldTable) -> None:
    table.take(record(hold("account:a")))
    table.take(record(hold("domain:d")))
    table.take(record(hold("account:a").model_copy(update={"held": False})))
    await table.read_to_end()
    assert [one.scope for one in table.held] == ["domain:d"]
    table.take(FakeRecord(key=b"domain:d", value=None))
    assert table.held == ()


async def test_a_word_that_is_repeated_late_lifts_no_hold_that_was_set_after_it(table: HoldTable) -> None:
    before, after = hold("account:a"), hold("account:a").model_copy(update={"at": NOW + 2 * SECOND})
    lifted = before.model_copy(update={"held": False, "at": NOW + SECOND})
    for event in (before, lifted, after, lifted):
        table.take(record(event))
    assert list(table.held) == [after]
    table.take(record(after.model_copy(update={"held": False, "at": NOW + 3 * SECOND})))
    table.take(record(before))
    assert list(table.held) == [before], "what sets a hold counts, whatever its clock said"


@pytest.mark.parametrize("bad", [FakeRecord(41), record(hold("reseller:x"), 41)])
async def test_a_hold_that_cannot_be_read_makes_the_state_unknown_until_it_is_replaced(
    table: HoldTable, bad: FakeRecord
) -> None:
    table.take(bad)
    with pytest.raises(DependencyAway, match="offset 41"):
        await table.read_to_end()
    table.take(FakeRecord(key=bad.key, value=None))
    await table.read_to_end()


async def test_pace_lets_so_many_through_and_no_more() -> None:
    now, slept = 0.0, []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    pace = Pace(100, clock=lambda: now, sleep=sleep)
    await pace.spend(50)
    await pace.spend(50)
    await pace.spend(10)
    assert slept == pytest.approx([0.5, 1.0])
    now = 10.0
    await pace.spend(1000)
    assert len(slept) == 2, "who comes late doesn't wait"


def test_the_newest_slot_is_today_after_the_hour_and_yesterday_before() -> None:
    assert latest_slot(NOW, 2) == datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert latest_slot(NOW, 14) == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert latest_slot(NOW, 15) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert latest_slot(NOW.astimezone(timezone(timedelta(hours=13))), 2) == datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_a_fax_is_named_by_its_folder_only() -> None:
    prefix = "fax/2025/11/23/"
    assert named(f"{prefix}{FAX}/document.pdf", prefix) == FAX
    assert named(f"{prefix}{FAX}/", prefix) == FAX
    for other in ("readme.txt", f"{FAX.hex}/document.pdf", "x/document.pdf", f"{{{FAX}}}/document.pdf"):
        assert named(prefix + other, prefix) is None


def test_parts_of_a_day_have_keys_of_their_own_and_fit_into_a_message() -> None:
    ids = tuple(uuid4() for _ in range(300))
    part = RetentionRequested(day=NOW.date(), due_before=NOW, fax_ids=ids)
    message = message_of(part, source="retention", at=NOW)
    assert len(message.value or b"") < MESSAGE_LIMIT
    assert message.key == f"2026-11-24/{ids[0]}".encode()
    day = RetentionRequested(day=NOW.date(), due_before=NOW)
    assert RETENTION_REQUESTED.key_of(day) == b"2026-11-24"


def test_the_index_knows_what_is_missing_on_either_side() -> None:
    index = FaxIndex()
    stored, absent = [uuid4() for _ in range(5)], uuid4()
    for number, one in enumerate(stored):
        index.add(one, date(2026, 1, 1 + number))
    index.close()
    assert index.missing([stored[3], absent, stored[0]]) == [absent]
    assert index.missing(stored[:2]) == []
    found = dict(index.not_asked_for())
    assert found == {str(stored[2])[:18]: date(2026, 1, 3), str(stored[4])[:18]: date(2026, 1, 5)}


def test_metrics_are_shown_and_can_be_taken_away_and_shown_anew() -> None:
    registry = CollectorRegistry()
    with shown_in(registry) as own:
        Told(own).verified(Findings(overdue_objects=3), 1000.0)
        assert "nativefax_retention_overdue_objects 3.0" in generate_latest(registry).decode()
    assert generate_latest(registry) == b""
    with shown_in(registry) as own:
        Told(own)


def ready(accepted_at: datetime) -> ReceivedFaxReady:
    stored = StoredObject(key="fax/x", size=1, media_type="image/tiff")
    return ReceivedFaxReady(
        fax_id=FAX,
        version=2,
        accepted_at=accepted_at,
        called_number="+15550100",
        received_at=NOW,
        original=stored,
        pages=1,
    )


def email(accepted_at: datetime) -> EmailRequested:
    brand = Brand(name="B", portal_host="p.example", from_address="f@p.example")
    return EmailRequested(
        fax_id=FAX,
        version=4,
        purpose="failed",
        account_id="north",
        accepted_at=accepted_at,
        requested_at=NOW,
        recipient="a@b.example",
        policy="link",
        brand=brand,
        fax_number="+15550100",
        pages=1,
    )


@pytest.mark.parametrize(("make", "direction"), [(ready, "received"), (email, "sent")])
def test_a_late_event_of_an_expired_fax_ends_as_expired(
    make: Callable[[datetime], ReceivedFaxReady | EmailRequested], direction: str
) -> None:
    assert expiry(make(NOW - YEAR), NOW) is None
    event = make(NOW - YEAR - SECOND)
    ended = expiry(event, NOW)
    assert ended is not None
    assert (ended.state, ended.reason, ended.direction, ended.version) == (
        "expired",
        "expired",
        direction,
        event.version + 1,
    )


def test_history_and_tombstones_may_be_late() -> None:
    status = expiry(ready(NOW - 2 * YEAR), NOW)
    assert isinstance(status, FaxStatusChanged)
    assert expiry(status, NOW) is None
    gone = FaxExpired(fax_id=FAX, accepted_at=NOW - 2 * YEAR, expired_at=NOW, objects=1, size=1)
    assert expiry(gone, NOW) is None


async def test_no_stage_handles_an_expired_fax() -> None:
    async def never(_event: object) -> Outcome:
        raise AssertionError("it was handled")

    async def fine(_event: object) -> Outcome:
        return Done()

    def settling(handle: Callable[[object], Awaitable[Outcome]]) -> Settling:
        stage = Stage("router", FAX_READY, handle)
        return Settling(stage, StageMetrics("router", Metrics(CollectorRegistry())), lambda: NOW)

    def raw(event: ReceivedFaxReady) -> FakeRecord:
        value, headers = encode(event, source="t", at=NOW)
        return FakeRecord(value=value, headers=headers)

    [message] = await settling(never)(raw(ready(NOW - YEAR - SECOND)))
    assert message.topic == "fax-status"
    assert b'"expired"' in (message.value or b"")
    assert await settling(fine)(raw(ready(NOW - YEAR))) == []


def test_a_hold_is_called_in_force_when_no_sweep_acts_on_what_it_read_before() -> None:
    assert timedelta(seconds=GOOD_SECONDS + REQUEST_SECONDS) < IN_FORCE_AFTER
