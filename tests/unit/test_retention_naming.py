"""Which faxes an account no longer keeps, and how they are named: pure."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.retention import SHORTEST
from schemas.topics import MESSAGE_LIMIT
from services._runtime.history import FaxRow
from services._runtime.publisher import message_of
from services.portal.inventory.forms import FaxSettings
from services.portal.retentions.domain import FAXES, Tasks, due_before, shorter_days

NOW = datetime(2026, 11, 28, 13, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def fax(number: int, accepted_at: datetime) -> FaxRow:
    return FaxRow(
        UUID(int=number), "a", "received", "routed", accepted_at, NOW, 3, None, None, 1, None, False, None, None
    )


@pytest.mark.parametrize(("days", "shorter"), [(30, 30), (364, 364), (365, None)])
def test_a_retention_below_everybodys_is_shorter(days: int, shorter: int | None) -> None:
    assert shorter_days(FaxSettings(retention_days=days).model_dump_json()) == shorter


@pytest.mark.parametrize("written", ["29", "0", "-1", "366", "true", "30.5", '"30"', "null", "[]"])
def test_what_the_contract_does_not_allow_shortens_nothing(written: str) -> None:
    assert shorter_days(f'{{"retention_days": {written}, "region": "US"}}') is None


def test_settings_that_say_nothing_or_cannot_be_read_shorten_nothing() -> None:
    assert shorter_days("{}") is None
    assert shorter_days("") is None


@given(st.integers(-1_000, 1_000))
def test_no_days_make_a_younger_fax_due(days: int) -> None:
    bound = due_before(days, NOW)
    assert bound <= NOW - SHORTEST
    assert bound == NOW - max(days, 30) * DAY


def test_a_task_names_faxes_of_one_day_in_utc_up_to_the_second() -> None:
    bound = due_before(30, NOW)
    tasks = Tasks(bound)
    midnight = datetime(2026, 10, 20, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert not tasks.add([fax(1, midnight), fax(2, midnight - second), fax(3, bound), fax(4, bound - second)])
    rest = tasks.rest()
    assert [(str(task.day), [one.int for one in task.fax_ids or ()]) for task in rest] == [
        ("2026-10-19", [2]),
        ("2026-10-20", [1]),
        ("2026-10-29", [4]),
    ]
    assert {task.due_before for task in rest} == {bound}
    assert not tasks.rest(), "told twice"


def test_a_task_is_handed_out_when_it_is_full_and_fits_a_message() -> None:
    tasks = Tasks(due_before(30, NOW))
    first, second = NOW - 40 * DAY, NOW - 41 * DAY
    full = tasks.add(fax(number, first if number % 2 else second) for number in range(2 * FAXES + 3))
    assert [len(task.fax_ids or ()) for task in full] == [FAXES, FAXES]
    assert [len(task.fax_ids or ()) for task in tasks.rest()] == [2, 1]
    message = message_of(full[0], source="portal", at=NOW)
    assert len(message.value or b"") < MESSAGE_LIMIT
    assert message.key == f"{full[0].day}/{(full[0].fax_ids or ())[0]}".encode()
