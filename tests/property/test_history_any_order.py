"""Steps in any order and any repeats give the same history."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.fax import FaxState, FaxStatusChanged
from services.portal.history.domain import Kept, kept_after, row_of

START = datetime(2026, 5, 4, tzinfo=UTC)
MOMENTS = st.integers(0, 4).map(lambda hours: START + timedelta(hours=hours))

STEPS = st.builds(
    FaxStatusChanged,
    fax_id=st.just(UUID(int=1)),
    version=st.integers(1, 4),
    state=st.sampled_from(get_args(FaxState)),
    stage=st.sampled_from(["ingest", "email_out", "ata"]),
    at=MOMENTS,
    direction=st.sampled_from(["received", "sent"]),
    accepted_at=MOMENTS,
    account_id=st.sampled_from([None, "a", "b"]),
    fax_number=st.none(),
    other_party=st.sampled_from([None, "1", "2"]),
    pages=st.sampled_from([None, 1, 2]),
    pages_announced=st.none(),
    partial=st.sampled_from([None, True, False]),
    reason=st.sampled_from([None, "busy", "no-answer"]),
    rule=st.none(),
    message_id=st.none(),
    recipient=st.sampled_from([None, "a@example.com", "b@example.com"]),
)


def kept(steps: list[FaxStatusChanged]) -> Kept:
    found: Kept = {}
    for one in steps:
        found = kept_after(found, one)
    return found


@given(st.lists(STEPS, min_size=1, max_size=8), st.data())
def test_any_order_and_repeats(steps: list[FaxStatusChanged], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(steps), max_size=4))
    shuffled = data.draw(st.permutations([*steps, *repeats]))
    assert kept(shuffled) == kept(steps)
    assert row_of(kept(shuffled).values()) == row_of(kept(steps).values())


@given(st.lists(STEPS, min_size=1, max_size=8))
def test_a_row_says_nothing_that_no_step_said(steps: list[FaxStatusChanged]) -> None:
    row = row_of(kept(steps).values())
    assert row.state in {step.state for step in steps}
    assert row.version == max(step.version for step in steps)
    assert row.reason in {step.reason for step in steps if step.state == row.state}


@given(st.lists(STEPS, min_size=1, max_size=8))
def test_an_older_step_never_hides_a_newer_one(steps: list[FaxStatusChanged]) -> None:
    """Of one recipient, and of the fax itself: what decided isn't older than another of its kind."""
    sent = [step.model_copy(update={"direction": "sent"}) for step in steps if step.state in {"dialling", "delivered"}]
    if sent:
        row = row_of(kept(sent).values())
        assert row.state in {step.state for step in sent if step.version == row.version}
