"""CSV as spreadsheets write and read it: unknown encodings and separators in, nothing that they would run out. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services._runtime.translating import N_
from services.portal.inventory import columns
from services.portal.inventory.refusals import Refusal, refuse

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_ROWS: Final = 10_000
"""Of one file, which is one transaction: about 3 s, and SQLite lets nobody else write meanwhile."""
MOST_CHARACTERS: Final = 16 * 1024
"""Of one field: the lists of settings are shorter (`account_settings.SETTINGS_BYTES`)."""

_SEPARATORS: Final = ",;\t"
"""Spreadsheets write a semicolon where the comma is the decimal sign."""

_RUN: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count as well
"""What begins a formula in a spreadsheet (OWASP, CSV Injection)."""

_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)
_NUMBERS: Final = (columns.NUMBER, columns.SERIAL)
"""What a spreadsheet takes for a number: a long one is written as 2.02555E+11, and its last digits are lost."""

_SHIELD: Final = "'"

_FORMULA: Final = r"(?='*[=+\-@＝＋－＠])(?!\+[0-9 ]+(?:[;\t\r\n]|$))"  # noqa: RUF001 - wide ones count as well
_CELL: Final = r"([;\t\r\n][ \"]*)"
_INSIDE: Final = re.compile(_CELL + _FORMULA)
_SHIELDED: Final = re.compile(_CELL + _SHIELD + _FORMULA)
"""Where a cell begins within a field, for a spreadsheet that separates by semicolons or tabs and so sees no quotes of
ours; a plain number does no harm."""


@dataclass(frozen=True)
class Line:
    """A row: `line` counts rows from 1, the header row's; `problem` says why it can't be read."""

    line: int
    fields: Mapping[str, str]
    problem: Refusal | None = None


def read(data: bytes) -> tuple[Line, ...] | Refusal:
    """The rows of a file below its header row, empty ones left out; or why it can't be read."""
    if len(data) > MOST_BYTES:
        return _too_large()
    text = _text(data)
    if isinstance(text, Refusal):
        return text
    try:
        return _lines(text)
    except csv.Error:
        return refuse("file-unreadable", problem=N_("a quotation mark is never closed, or stands within a field"))


def _text(data: bytes) -> str | Refusal:
    """UTF-8, or UTF-16 with its mark, as Excel's “Unicode Text”. Anything else would be a guess at people's names."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return refuse("file-unreadable", problem=N_("it is not UTF-8"))
    return refuse("file-unreadable", problem=N_("it is not text")) if "\x00" in text else text


def _lines(text: str) -> tuple[Line, ...] | Refusal:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = enumerate(_rows(text, separator), 1)
    header = next((row for _, row in rows if any(one.strip() for one in row)), [])
    names = [columns.heading(unshielded(one)) for one in header]
    if refusal := _refused(header, names):
        return refusal
    found: list[Line] = []
    for line, row in rows:
        if len(found) == MOST_ROWS:
            return _too_large()
        if any(one.strip() for one in row):
            found.append(_line(line, names, row))
    return tuple(found)


def _rows(text: str, separator: str) -> Iterable[list[str]]:
    """Strict: a quote that never ends would swallow the rest of the file."""
    csv.field_size_limit(max(csv.field_size_limit(), MOST_BYTES))  # ours says which row, and is per field
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _refused(header: Sequence[str], names: Sequence[str | None]) -> Refusal | None:
    unknown = [one.strip()[:40] for one, name in zip(header, names, strict=True) if name is None and one.strip()]
    if unknown:
        return refuse("columns-unknown", columns=", ".join(unknown[:5]))
    known = [one for one in names if one is not None]
    if missing := [one for one in columns.NEEDED if one not in known]:
        return refuse("columns-missing", columns=", ".join(missing))
    if len(set(known)) != len(known):
        return refuse("file-unreadable", problem=N_("a column is there twice"))
    return None


def _line(line: int, names: Sequence[str | None], row: Sequence[str]) -> Line:
    fields = {name: unshielded(one) for name, one in zip(names, row, strict=False) if name is not None}
    over = any(one.strip() for one in row[len(names) :])
    if over:
        return Line(line, fields, refuse("row-too-long"))
    if any(len(one) > MOST_CHARACTERS for one in row):
        return Line(line, fields, refuse("file-unreadable", problem=N_("a field is too long")))
    for name in _NUMBERS:
        if _SHORTENED.fullmatch(written := fields.get(name, "").strip()):
            return Line(line, fields, refuse("number-shortened", column=name, written=written))
    return Line(line, fields)


def _too_large() -> Refusal:
    return refuse("file-too-large", rows=MOST_ROWS, megabytes=MOST_BYTES // 2**20)


def write(rows: Iterable[Mapping[str, str]], header: Sequence[str] = columns.COLUMNS) -> bytes:
    """Rows under the header row, in UTF-8 with its mark, without which Excel guesses another encoding."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)  # RFC 4180: CRLF, quotes where needed
    writer.writerow(header)
    writer.writerows([shielded(row.get(one, "")) for one in header] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def shielded(field: str) -> str:
    """A field that no spreadsheet takes for a formula: an apostrophe stands before what could begin one."""
    inside = _INSIDE.sub(rf"\g<1>{_SHIELD}", field)
    return _SHIELD + inside if field.startswith((*_RUN, _SHIELD)) else inside


def unshielded(field: str) -> str:
    """A field as it was before `shielded`."""
    begins = field[:1] == _SHIELD and field[1:].startswith((*_RUN, _SHIELD))
    return _SHIELDED.sub(r"\g<1>", field[1:] if begins else field)
