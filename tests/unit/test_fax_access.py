"""Who sees which fax: every role, whosever the fax is, and however it stands."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest

from schemas.fax import FaxState
from services._runtime.history import FaxRow, Whose
from services.portal.faxes.access import EVERYTHING, NOTHING, ROW_ONLY, SET_ASIDE, Role, Sees, Viewer, visible, whose
from services.portal.faxes.shelves import GROUPS, SHELVES, direction, shelf_of, states

MOMENT = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
USER = Viewer("user", "north", "clinic.example", frozenset({"a1", "a2"}))
MANAGER = Viewer("manager", "north", "clinic.example")
RESELLER = Viewer("reseller", "north")
OPERATOR = Viewer("operator")
EVERYBODY = (USER, MANAGER, RESELLER, OPERATOR)


def fax(state: FaxState = "routed", account: str | None = "a1", **more: str | None) -> FaxRow:
    row = FaxRow(
        fax_id=UUID(int=1),
        account_id=account,
        direction="received",
        state=state,
        accepted_at=MOMENT,
        updated_at=MOMENT,
        version=3,
        fax_number="+12025550101",
        other_party="+12025550199",
        pages=2,
        pages_announced=2,
        partial=False,
        reason=None,
        rule=None,
        reseller="north",
        domain="clinic.example",
    )
    return replace(row, **more)  # type: ignore[arg-type]


def seen(row: FaxRow) -> tuple[Sees, ...]:
    return tuple(visible(viewer, row) for viewer in EVERYBODY)


@pytest.mark.parametrize("state", sorted(set(get_args(FaxState)) - SET_ASIDE))
def test_a_fax_of_ones_own(state: FaxState) -> None:
    assert seen(fax(state)) == (EVERYTHING, EVERYTHING, ROW_ONLY, NOTHING)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(fax(account="a3"), (NOTHING, EVERYTHING, ROW_ONLY, NOTHING), id="a colleague's"),
        pytest.param(fax("junk"), (NOTHING, EVERYTHING, ROW_ONLY, NOTHING), id="junk"),
        pytest.param(
            fax("unclaimed", None), (NOTHING, EVERYTHING, EVERYTHING, NOTHING), id="of a number that was removed"
        ),
        pytest.param(
            fax("unclaimed", None, domain=None), (NOTHING, NOTHING, EVERYTHING, NOTHING), id="of a number of nobody"
        ),
        pytest.param(fax(account="b1", domain="rival.example"), (NOTHING, NOTHING, ROW_ONLY, NOTHING), id="next door"),
        pytest.param(
            fax(account="b1", domain="clinic.example", reseller="south"), (NOTHING,) * 4, id="another reseller's"
        ),
        pytest.param(fax("accepted", None, domain=None, reseller=None), (NOTHING,) * 4, id="not yet anybody's"),
        pytest.param(fax("unclaimed", None, domain=None, reseller=None), (NOTHING,) * 4, id="of no reseller's number"),
    ],
)
def test_a_fax_of_others(row: FaxRow, expected: tuple[Sees, ...]) -> None:
    assert seen(row) == expected


@pytest.mark.parametrize("role", get_args(Role))
def test_somebody_of_nothing_sees_nothing_of_nobodys_fax(role: Role) -> None:
    nobodys = fax(account=None, reseller=None, domain=None)
    assert [visible(Viewer(role), replace(nobodys, state=state)) for state in get_args(FaxState)] == [NOTHING] * len(
        get_args(FaxState)
    )
    assert whose(Viewer(role)) is None


def test_whose_faxes_are_asked_for() -> None:
    assert whose(USER) == Whose(accounts=("a1", "a2"))
    assert whose(MANAGER) == Whose(domain="clinic.example")
    assert whose(RESELLER) == Whose(reseller="north")
    assert whose(OPERATOR) is None


RECEIVED = {*states("received"), *SET_ASIDE}
"""How a received fax can stand: nobody dials one."""


@pytest.mark.parametrize("state", get_args(FaxState))
def test_every_fax_is_on_one_list_of_whoever_looks_after_it(state: FaxState) -> None:
    both = [fax(state, direction="sent"), *([fax(state)] if state in RECEIVED else [])]
    for row in both:
        way = [shelf for shelf in SHELVES["manager"] if direction(shelf) == row.direction]
        assert [shelf for shelf in way if not states(shelf) or row.state in states(shelf)] == [shelf_of(row)]


def test_a_received_fax_that_was_set_aside_is_on_no_other_list() -> None:
    assert not SET_ASIDE & set(states("received"))


def test_an_unknown_group_is_all() -> None:
    assert states("sent", "<script>") == ()
    assert set(states("received", "nonsense")) == {one for group in GROUPS["received"].values() for one in group}
