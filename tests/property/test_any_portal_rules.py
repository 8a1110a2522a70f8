"""Whatever is asked in whatever order: never too many accounts, one of each number and serial; files do no harm."""

import csv
import io
from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from schemas.accounts import Brand
from services.portal.inventory import columns, sheets
from services.portal.inventory.checking import serial_folded
from services.portal.inventory.domain import Accepted, NumberFacts, People, Situation, may_add
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.making import made
from services.portal.inventory.publishing import record_of
from services.portal.inventory.refusals import CODES, Field, Refusal, Refused
from services.portal.inventory.treatments import TREATMENTS

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BRAND = Brand(name="B", portal_host="b.example", from_address="f@b.example")
NUMBERS = [f"+1202555010{one}" for one in range(6)]

anything = st.text(max_size=12)
forms = st.builds(
    AddAccount,
    domain=st.just("d"),
    number=st.sampled_from(NUMBERS) | anything,
    user=st.builds(
        PrimaryUser,
        written=st.just("") | anything,
        name=st.sampled_from(["Ada", "Ben"]) | anything,
        email=st.sampled_from(["a@x.example", "A@X.example", "b@x.example"]) | anything,
    ),
    methods=st.lists(st.sampled_from(["email", "portal", "ata", "Email"]) | anything, max_size=3).map(tuple),
    handling=st.sampled_from(["portal", "email-with-attachment"]) | anything,
    device_type=st.sampled_from(["", "HT801"]) | anything,
    serial=st.sampled_from(["", "a1", "A-1", "b2"]) | anything,
    settings=st.dictionaries(
        st.sampled_from(["retention_days", "notify", "time_zone", "nonsense"]),
        st.integers() | anything | st.lists(anything, max_size=2),
        max_size=1,
    ),
)
likely = forms | st.builds(
    AddAccount,
    domain=st.just("d"),
    number=st.sampled_from(NUMBERS),
    user=st.builds(PrimaryUser, name=st.just("Ada"), email=st.sampled_from(["a@x.example", "A@X.example"])),
    methods=st.just(("email", "ata")),
    handling=st.just("portal"),
    device_type=st.just("HT801"),
    serial=st.sampled_from(["a1", "A-1", "b2", "c3", "d4", "e5"]),
)


def situation(maximum: int | None, treatments: list[str]) -> Situation:
    facts = {one: NumberFacts(one, how, in_use=how == "fax") for one, how in zip(NUMBERS, treatments, strict=True)}
    return Situation("d", "r", True, "US", maximum, 0, facts, People(), set(), frozenset({"HT801"}))


@given(
    st.lists(likely, max_size=12),
    st.none() | st.integers(0, 4),
    st.lists(st.sampled_from([*["available"] * 8, *TREATMENTS]), min_size=6, max_size=6),
)
def test_what_is_admitted_keeps_every_rule(asked: list[AddAccount], maximum: int | None, treatments: list[str]) -> None:
    at = situation(maximum, treatments)
    admitted: list[Accepted] = []
    for form in asked:
        answer = may_add(form, at, NOW)
        if isinstance(answer, Refused):
            assert answer.refusals
            assert set(answer.codes) <= set(CODES)
            assert {one.field for one in answer.refusals} <= set(get_args(Field))
            continue
        admitted.append(answer)
        at.learn(answer)
        record_of(made(answer, at, NOW).account, BRAND)  # the contract takes it
    serials = [serial_folded(one.device.serial) for one in admitted if one.device]
    emails = [one.user.email.casefold() for one in admitted if one.new_user]
    assert maximum is None or len(admitted) <= maximum
    assert len({one.number for one in admitted}) == len(admitted)
    assert {one.number for one in admitted} <= {
        one for one, how in zip(NUMBERS, treatments, strict=True) if how == "available"
    }
    assert len(set(serials)) == len(serials)
    assert len(set(emails)) == len(emails)
    assert all(("ata" in one.methods) == (one.device is not None) for one in admitted)


@given(st.text() | st.text(alphabet=";\t\n'\"=+-@ a1"))
def test_a_shielded_field_comes_back_and_runs_nothing(field: str) -> None:
    out = sheets.shielded(field)
    assert sheets.unshielded(out) == field
    assert not out.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.lists(st.fixed_dictionaries({one: st.text(max_size=20) for one in columns.COLUMNS[:8]}), max_size=4))
def test_what_is_written_is_read(rows: list[dict[str, str]]) -> None:
    rows = [{name: value.replace("\x00", "") for name, value in row.items()} for row in rows]
    found = sheets.read(sheets.write(rows))
    assert not isinstance(found, Refusal)
    some = [row for row in rows if any(sheets.shielded(one).strip() for one in row.values())]
    assert [{name: one.fields[name] for name in row} for one, row in zip(found, some, strict=True)] == some


HEADER = ",".join(columns.COLUMNS)


@given(st.binary(max_size=200), st.sampled_from(["", f"{HEADER}\n", "\ufeff"]))
def test_any_bytes_are_rows_or_a_reason(data: bytes, before: str) -> None:
    found = sheets.read(before.encode() + data)
    if isinstance(found, Refusal):
        return
    for line in found:
        form: Any = columns.form_of("d", line.fields)
        assert isinstance(may_add(form, situation(None, ["available"] * 6), NOW), Accepted | Refused)


def test_csv_reads_what_we_write() -> None:
    out = sheets.write([{columns.NAME: 'a "b", c\r\nd'}]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(out, newline="")))[1][2] == 'a "b", c\r\nd'
