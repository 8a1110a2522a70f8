"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failures import FaxFailure
from services._runtime.destinations import NotDiallable, destination
from tests.unit.test_routing import account


def failure(written: str, **changes: object) -> FaxFailure:
    """Why an account that has these `changes` can't fax there."""
    with pytest.raises(NotDiallable) as refused:
        destination(written, account(**changes))
    return refused.value.failure


@pytest.mark.parametrize(
    ("written", "region", "dialled"),
    [
        ("+12025550177", "US", "+12025550177"),
        ("(202) 555-0177", "US", "+12025550177"),
        ("1 202.555.0177", "US", "+12025550177"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("00 1 202 555 0177", "DE", "+12025550177"),
        ("030/901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "US", "+4930901820"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("tel:+1-202-555-0177", "US", "+12025550177"),
        ("\u202a+1\u00a0(202)\u00a0555\u20110177\u202c", "US", "+12025550177"),  # as it is copied from a contact
        ("\N{FULLWIDTH PLUS SIGN}12025550177", "US", "+12025550177"),
        ("٢٠٢٥٥٥٠١٧٧", "US", "+12025550177"),
        ("11 2654 3210", "IN", "+911126543210"),  # not 112
        ("1 77 12 34 56", "FR", "+33177123456"),  # not 17
        ("911-6778", "PA", "+5079116778"),  # there is no other way to write it there
    ],
)
def test_a_number_is_read_in_the_accounts_region(written: str, region: str, dialled: str) -> None:
    assert destination(written, account(region=region)) == dialled


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0",
        "+",
        "555-0177",
        "+999 123",
        "fax",
        "+1 202 555 01771234",
        "12",
        "202 555 0177 x22",
        "+12025550177;ext=3",
    ],
)
def test_what_is_no_number(written: str) -> None:
    assert failure(written) == "destination-invalid"


@pytest.mark.parametrize(
    "written",
    [
        "0301234567*89",
        "*0301234567",
        "0301234567p123",
        "0301234567w123",
        "0301234567 fax",
        "room 12 0301234567",
        "030 901820/21",
        "030/901820/2134",
        "0301234567_8",
    ],
)
def test_nothing_is_left_out_of_what_was_written(written: str) -> None:
    """In Germany numbers have any length, so what is read past may be somebody's number, too."""
    assert failure(written, region="DE") == "destination-invalid"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("911", "US"),
        ("112", "FR"),
        ("999", "GB"),
        ("9-1-1", "US"),
        ("911 x1", "US"),
        ("911 2345", "US"),
        ("0112", "DE"),
        ("+49 0112", "US"),
        ("112 3", "DE"),
    ],
)
def test_emergency_numbers_never(written: str, region: str) -> None:
    assert failure(written, region=region, premium_destinations=True) == "destination-emergency"


@pytest.mark.parametrize(
    ("written", "region", "dialled"),
    [
        ("1 900 555 0123", "US", "+19005550123"),
        ("118 118", "SE", "+46118118"),
        ("+979 1 2345 6789", "US", "+979123456789"),
    ],
)
def test_premium_numbers_when_allowed(written: str, region: str, dialled: str) -> None:
    assert destination(written, account(region=region, premium_destinations=True)) == dialled
    assert failure(written, region=region) == "destination-premium"


def test_blocked_beginnings() -> None:
    blocking = {"blocked_destinations": ("+1900", "+12025550177"), "premium_destinations": True}
    for written in ("+1 900 555 0123", "202 555 0177"):
        assert failure(written, **blocking) == "destination-blocked"
    assert destination("202 555 0178", account(**blocking)) == "+12025550178"


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_isnt(written: str) -> None:
    try:
        dialled = destination(written, account())
    except NotDiallable:
        return
    assert dialled[0] == "+"
    assert dialled[1:].isdigit()
    assert destination(dialled, account()) == dialled
