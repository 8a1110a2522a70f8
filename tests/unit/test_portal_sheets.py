"""CSV that people and spreadsheets bring, and that must do no harm in theirs."""

import csv
import io
import re

import pytest

from services.portal.inventory import columns, sheets
from services.portal.inventory.refusals import Refusal

HEADER = "Phone Number,Enabled Methods,Inbound Fax Handling"
ROW = "+12025550101,Email,Portal"


def read(data: bytes | str) -> tuple[sheets.Line, ...]:
    found = sheets.read(data.encode() if isinstance(data, str) else data)
    assert not isinstance(found, Refusal), found
    return found


def refused(data: bytes | str) -> Refusal:
    found = sheets.read(data.encode() if isinstance(data, str) else data)
    assert isinstance(found, Refusal)
    return found


@pytest.mark.parametrize(
    "data",
    [
        f"{HEADER}\n{ROW}\n".encode(),
        f"{HEADER}\r\n{ROW}".encode("utf-8-sig"),
        f"{HEADER}\r\n{ROW}\r\n".encode("utf-16"),
        f"{HEADER}\n{ROW}\n".replace(",", ";").encode(),
        f"{HEADER}\n{ROW}\n".replace(",", "\t").encode("utf-16"),
        f"{HEADER}\n\n,,\n{ROW}\n,,\n".encode(),
        f"\r\n;;\r\n{HEADER}\r\n{ROW}\r\n".replace(",", ";").encode(),
        f" phone  NUMBER ,enabled methods,INBOUND fax handling,\n{ROW},\n".encode(),
        f"{HEADER}\n'+12025550101,Email,Portal".encode(),
        f'{HEADER}\n"+12025550101","Email","Portal"'.encode(),
    ],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    (line,) = read(data)
    assert line.problem is None
    assert {name: line.fields[name] for name in columns.NEEDED} == {
        "Phone Number": "+12025550101",
        "Enabled Methods": "Email",
        "Inbound Fax Handling": "Portal",
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "columns-missing"),
        (b"\n", "columns-missing"),
        ("Phone Number", "columns-missing"),
        (f"{HEADER},Colour", "columns-unknown"),
        (f"{HEADER},phone number", "file-unreadable"),
        (f"{HEADER}\n" + '"never ends', "file-unreadable"),
        (f"{HEADER}\n" + '"a"b,c', "file-unreadable"),
        (HEADER.encode() + b"\n\xe9t\xe9", "file-unreadable"),
        (HEADER.encode() + b"\n\x00", "file-unreadable"),
        (b"\xff\xfe\x00", "file-unreadable"),
        (b"%PDF-1.7\n\xe2\xe3", "file-unreadable"),
        (b"x" * (sheets.MOST_BYTES + 1), "file-too-large"),
        (f"{HEADER}\n" + f"{ROW}\n" * (sheets.MOST_ROWS + 1), "file-too-large"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes | str, code: str) -> None:
    assert refused(data).code == code


def test_a_row_with_more_fields_than_the_header_row_is_refused_alone() -> None:
    wrong, right = read(f"{HEADER}\n{ROW},more\n{ROW}")
    assert wrong.problem is not None
    assert (wrong.line, wrong.problem.code) == (2, "row-too-long")
    assert (right.line, right.problem) == (3, None)


@pytest.mark.parametrize("written", ["1.20255E+10", '"1,20255E+10"', "2e+11"])
@pytest.mark.parametrize("column", [columns.NUMBER, columns.SERIAL])
def test_a_number_that_a_spreadsheet_shortened_is_refused(column: str, written: str) -> None:
    (line,) = read(f"{column},{','.join(one for one in columns.NEEDED if one != column)}\n{written},Email,Portal,")
    assert line.problem is not None
    assert line.problem.code == "number-shortened"
    assert column in line.problem.words


def test_a_huge_field_is_refused_with_its_row_alone() -> None:
    wrong, right = read(f"{HEADER}\n{'x' * (sheets.MOST_CHARACTERS + 1)},a,b\n{ROW}")
    assert wrong.problem is not None
    assert wrong.problem.code == "file-unreadable"
    assert right.problem is None


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001 - wide ones
def test_no_field_begins_as_a_formula(begins: str) -> None:
    out = sheets.write([{columns.NAME: f"{begins}cmd|'/c calc'!A1"}]).decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(out, newline=""))
    assert row[columns.COLUMNS.index(columns.NAME)].startswith("'" + begins)


def test_a_row_asks_for_what_its_columns_say() -> None:
    form = columns.form_of(
        "clinic.example",
        {
            "Phone Number": "1",
            "Primary User": "1001",
            "Enabled Methods": "Email, ATA;portal",
            "Inbound Fax Handling": " Email W/O attachment ",
            "Premium Destinations": "YES",
            "Cover Page": "maybe",
            "Retention Days": "90",
            "Notify": "a@x.example; b@x.example",
            "Region": "",
        },
    )
    assert form.methods == ("Email", "ATA", "portal")
    assert form.handling == "email-without-attachment"
    assert form.settings == {
        "premium_destinations": True,
        "cover_page": "maybe",
        "retention_days": 90,
        "notify": ["a@x.example", "b@x.example"],
    }


@pytest.mark.parametrize(
    "field",
    [
        "Ada;=cmd|'/C calc'!A0",
        "Ada; =1+1",
        'Ada;"=1+1"',
        "Ada\t@SUM(1)",
        "Ada\n-2+3+cmd|'/C calc'!A0",
        "Ada;+1+cmd|'/C calc'!A0",
        "=1;=2",
    ],
)
def test_a_spreadsheet_that_separates_otherwise_runs_nothing_either(field: str) -> None:
    """With a semicolon as its separator it sees no quotes of ours, and a cell begins within a field."""
    (row,) = sheets.write([{columns.NAME: field}], (columns.NAME,)).decode("utf-8-sig").split("\r\n", 1)[1:]
    cells = [one.strip(' "') for one in re.split(r"[;\t\r\n]", row)]
    assert not [one for one in cells if one.startswith(("=", "+", "-", "@"))]
    assert sheets.unshielded(sheets.shielded(field)) == field


def test_a_list_of_numbers_stays_as_it_is() -> None:
    assert sheets.shielded("Email; Portal") == "Email; Portal"
    assert sheets.shielded("x; +12025550101; +12025550102") == "x; +12025550101; +12025550102"
