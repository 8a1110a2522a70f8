"""What can be done with a fax, by whom, in which state; and what an operator is told is stuck."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from schemas.fax import FaxState
from services._runtime.dead_letters import DeadLetterRecord
from services._runtime.lag import Lag
from services.portal.faxes.access import EVERYTHING, NOTHING, ROW_ONLY, Role
from services.portal.handling.domain import deletable, holdable, read_number, releasable, scopes_of
from services.portal.operating.domain import oldest, stage_lines, told
from tests.providers.operations import SECRET, letter
from tests.unit.test_fax_access import fax

NOW = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
KEPT = {"received": {"accepted", "ready", "at-device"}, "sent": {"accepted", "ready", "routed", "dialling"}}
GOES = {
    "received": {"routed", "printed", "junk", "unreadable", "emailed", "mail-deferred", "mail-failed", "mail-bounced"},
    "sent": {"delivered", "failed", "refused", "cancelled", "outcome-unknown"},
}


@pytest.mark.parametrize("direction", ["received", "sent"])
@pytest.mark.parametrize("role", ["user", "manager"])
def test_a_fax_is_deleted_once_nothing_needs_its_pages(role: Role, direction: str) -> None:
    found = {one for one in get_args(FaxState) if deletable(role, fax(one, direction=direction), EVERYTHING)}
    assert found == GOES[direction]
    assert not found & KEPT[direction]


def test_whose_it_isnt_does_not_delete_it() -> None:
    assert not deletable("reseller", fax(), EVERYTHING)
    assert not deletable("operator", fax(), EVERYTHING)
    assert not deletable("manager", fax(), ROW_ONLY)
    assert not deletable("manager", fax("routed", None), EVERYTHING)


def test_only_what_was_set_aside_is_released_by_whoever_reads_it() -> None:
    found = {one for one in get_args(FaxState) if releasable(fax(one), EVERYTHING)}
    assert found == {"junk", "unclaimed"}
    assert not releasable(fax("junk"), ROW_ONLY)


def test_who_looks_after_a_domain_holds_its_faxes() -> None:
    assert [holdable(role, fax(), ROW_ONLY) for role in ("reseller", "manager", "user", "operator")] == [
        True,
        True,
        False,
        False,
    ]
    assert not holdable("manager", fax(), NOTHING)
    assert not holdable("reseller", fax(domain=None), EVERYTHING)


def test_the_narrowest_scope_comes_first() -> None:
    assert [one.partition(":")[0] for one in scopes_of(fax())] == ["fax", "account", "domain"]
    assert [one.partition(":")[0] for one in scopes_of(fax("unclaimed", None))] == ["fax", "domain"]


@pytest.mark.parametrize(
    ("typed", "called", "number"),
    [
        ("202 555 0111", "+12025550150", "+12025550111"),
        ("030 901820", "+4930901821", "+4930901820"),
        ("+49 30 901820", "+12025550150", "+4930901820"),
        ("202 555 0111", None, "+12025550111"),
        ("fax", "+12025550150", None),
        ("", None, None),
    ],
)
def test_a_number_is_read_in_the_country_of_the_one_that_was_called(
    typed: str, called: str | None, number: str | None
) -> None:
    assert read_number(typed, called) == number


def lag(topic: str, messages: int, ago: float | None, processes: int = 1, stage: str = "router") -> Lag:
    return Lag(stage, topic, messages, None if ago is None else NOW - timedelta(minutes=ago), processes)


def test_what_a_person_should_look_at() -> None:
    lines = stage_lines(
        [
            lag("fax-ready", 0, None),
            lag("fax-ready", 3, 1),
            lag("email-requested", 3, 9, stage="email_out"),
            lag("email-requested-retry-2m", 3, 90, stage="email_out-retries"),
            lag("email-requested-retry-10s", 0, None, stage="email_out-retries"),
            lag("fax-to-dial", 3, 1, processes=0),
            lag("fax-status", 0, None, processes=0),
        ],
        NOW,
    )
    assert [(one.kind, one.words) for one in lines] == [
        ("good", "up to date"),
        ("wait", "working"),
        ("bad", "behind"),
        ("wait", "waits on purpose"),
        ("bad", "nobody works at it"),
        ("wait", "no process"),
    ]
    worst = oldest(lines)
    assert worst is not None
    assert worst.stage == "email_out"
    assert oldest([]) is None
    twins = [lag("fax-ready", 1, 3), lag("fax-to-dial", 1, 3)]
    assert oldest(stage_lines(twins, NOW)) is not None, "equally old"


def test_a_dead_letter_tells_nothing_of_a_fax() -> None:
    one = letter(3)
    assert SECRET not in str(told(one)) + str(one.technical) + one.event + one.name
    assert one.technical == {"fax_id": "7c9e6679-7425-50de-944b-e07fc1f90ae7", "account_id": "acc-1"}
    assert one.event == "EmailRequested"
    assert dict(told(one))["Reason"] == "attempts-exhausted"


@pytest.mark.parametrize("value", [None, b"", b"{not json", b"[1]", b"\xff", b'"x"'])
def test_a_dead_letter_that_cannot_be_read_is_still_shown(value: bytes | None) -> None:
    one = DeadLetterRecord("email-requested", 1, NOW, None, value, (("nf-reason", b"\xff"),))
    assert one.technical == {}
    assert told(one)
