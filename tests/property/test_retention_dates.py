"""Dates of retention, for every date: whole days and single instants never disagree, and clocks never hasten."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.keys import FAXES, day_prefix, fax_prefix
from schemas.retention import RetentionRequested
from services._runtime.expiry import is_expired
from services.retention.domain import days_in, due_before, earliest, is_due, latest_slot, may_be_due, named, wholly_due

YEAR = timedelta(days=365)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(2015, 1, 3), datetime(2060, 1, 1), timezones=zones)  # noqa: DTZ001 - hypothesis adds zones


@given(instants, instants)
def test_the_day_and_the_instant_never_disagree(accepted: datetime, now: datetime) -> None:
    day, bound = accepted.astimezone(UTC).date(), now - YEAR
    due = is_due(day, accepted, bound)
    assert due == is_expired(accepted, now)
    assert not (wholly_due(day, bound) and not due)
    assert may_be_due(day, bound) or not due


@given(instants, st.timedeltas(timedelta(0), timedelta(microseconds=2_000_000)))
def test_around_the_365th_day(accepted: datetime, beside: timedelta) -> None:
    day = accepted.astimezone(UTC).date()
    assert not is_due(day, accepted, accepted - beside), "365 days and less"
    assert is_due(day, accepted, accepted + beside + timedelta(microseconds=1))


@given(st.dates(date(2016, 1, 1), date(2059, 1, 1)))
def test_a_day_becomes_due_at_once_when_the_next_begins(day: date) -> None:
    midnight = datetime.combine(day, time(), UTC)
    last = midnight + timedelta(days=1) - timedelta(microseconds=1)
    assert not may_be_due(day, midnight)
    assert may_be_due(day, midnight + timedelta(microseconds=1))
    assert not wholly_due(day, last)
    assert wholly_due(day, last + timedelta(microseconds=1))


@given(instants, instants, instants, st.booleans())
def test_neither_a_clock_nor_a_task_hastens_anything(
    ours: datetime, stores: datetime, asked: datetime, whole: bool
) -> None:
    task = RetentionRequested(day=asked.date(), due_before=asked, fax_ids=None if whole else (UUID(int=1),))
    bound = due_before(task, earliest(ours, stores))
    least = YEAR if whole else timedelta(days=30)
    assert bound <= min(asked, ours - least, stores - least)


@given(instants, st.uuids())
def test_a_fax_is_found_under_the_day_of_its_key(accepted: datetime, fax_id: UUID) -> None:
    prefix = day_prefix(FAXES, accepted.astimezone(UTC).date())
    assert fax_prefix(accepted, fax_id).startswith(prefix)
    assert named(fax_prefix(accepted, fax_id), prefix) == fax_id
    assert days_in([prefix, "fax/junk/", "fax/2025/13/40/"], FAXES) == [accepted.astimezone(UTC).date()]


@given(instants, st.integers(0, 23))
def test_there_is_one_slot_a_day_and_it_has_come(now: datetime, hour: int) -> None:
    assume(now.year > 2015)
    slot = latest_slot(now, hour)
    assert slot <= now < slot + timedelta(days=1)
    assert (slot.hour, slot.minute, slot.utcoffset()) == (hour, 0, timedelta(0))
