"""What becomes of a fax that waits for a device: printed or mailed, never neither."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Event, StoredObject
from schemas.envelope import encode
from schemas.fax import AtaRequested, EmailRequested, FaxStatusChanged
from services.ingest.ata.domain import HeldFax, acknowledge, expire, hold
from tests.unit.test_routing import NORTHWIND

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DUE = AT + timedelta(minutes=30)
FAX_ID = UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")


def mail(recipient: str = "desk@clinic.example") -> EmailRequested:
    return EmailRequested(
        fax_id=FAX_ID,
        version=4,
        purpose="received",
        account_id="acc-1",
        accepted_at=AT,
        requested_at=AT,
        recipient=recipient,
        policy="link",
        brand=NORTHWIND,
        fax_number="+12025550111",
        pages=2,
    )


def request(*mails: EmailRequested) -> AtaRequested:
    return AtaRequested(
        fax_id=FAX_ID,
        version=4,
        account_id="acc-1",
        serial="20ABCD",
        accepted_at=AT,
        document=StoredObject(key="fax/d/original.tif", size=9, media_type="image/tiff"),
        pages=2,
        deadline=DUE,
        fallback=mails,
    )


def held(*mails: EmailRequested) -> HeldFax:
    return hold(request(*mails), AT)[0]


def step(events: tuple[Event, ...]) -> FaxStatusChanged:
    (found,) = [one for one in events if isinstance(one, FaxStatusChanged)]
    return found


def test_a_fax_begins_to_wait_with_a_deadline() -> None:
    fax, events = hold(request(mail()), AT)
    assert (fax.state, fax.due_at, fax.version) == ("waiting", DUE, 1)
    assert (step(events).state, step(events).stage, step(events).at) == ("at-device", "ata", AT)


def test_acknowledged_it_is_printed_and_nothing_is_mailed() -> None:
    done = acknowledge(held(mail()), AT)
    assert done is not None
    assert (done[0].state, done[0].version) == ("printed", 2)
    assert [type(one) for one in done[1]] == [FaxStatusChanged]
    assert step(done[1]).state == "printed"


def test_its_deadline_sends_the_mail_as_of_then() -> None:
    later = DUE + timedelta(days=3)  # everything was down for so long: the mail's own time begins now
    done = expire(held(mail(), mail("b@clinic.example")), later)
    assert done is not None
    assert done[0].state == "mailed"
    assert [one.requested_at for one in done[1] if isinstance(one, EmailRequested)] == [later, later]
    assert (step(done[1]).state, step(done[1]).rule) == ("routed", "ata-deadline")


def test_without_a_fallback_it_lapses_and_may_still_be_printed() -> None:
    done = expire(held(), DUE)
    assert done is not None
    assert (done[0].state, [type(one) for one in done[1]]) == ("lapsed", [FaxStatusChanged])
    late = acknowledge(done[0], DUE)
    assert late is not None
    assert late[0].state == "printed"


@pytest.mark.parametrize("microseconds", [-1, 0, 1])
def test_the_deadline_counts_to_the_microsecond(microseconds: int) -> None:
    done = expire(held(mail()), DUE + timedelta(microseconds=microseconds))
    assert (done is not None) == (microseconds >= 0)


def test_a_step_that_is_mailed_is_not_overtaken_by_a_device_that_takes_nothing() -> None:
    """The mail's own steps have the version of its request plus one."""
    emailed = mail().version + 1
    fax, events = hold(request(mail()), AT)
    expired, printed = expire(fax, DUE), acknowledge(fax, AT)
    assert expired is not None
    assert printed is not None
    assert step(events).version < emailed
    assert step(expired[1]).version < emailed
    assert step(printed[1]).version > emailed


@given(order=st.lists(st.sampled_from(["acknowledge", "expire"]), min_size=1, max_size=6), fallback=st.booleans())
def test_whatever_comes_in_whatever_order_it_ends_once(order: list[str], *, fallback: bool) -> None:
    fax = held(mail()) if fallback else held()
    told: list[Event] = []
    for one in order:
        done = acknowledge(fax, DUE) if one == "acknowledge" else expire(fax, DUE)
        if done is not None:
            assert done[0].version == fax.version + 1
            fax, events = done
            told += events
    mails = [one for one in told if isinstance(one, EmailRequested)]
    printed = [one for one in told if isinstance(one, FaxStatusChanged) and one.state == "printed"]
    assert len(mails) <= 1
    assert len(printed) <= 1
    assert fax.state == ("printed" if printed else "mailed" if mails else "lapsed")
    if fallback:
        assert len(mails) + len(printed) == 1
    if "acknowledge" in order:
        assert printed or mails
    for event in told:
        encode(event, source="ata", at=AT)
