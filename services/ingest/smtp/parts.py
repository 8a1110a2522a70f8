"""The parts of a mail, read in one pass over its lines, whatever is in it.

Not by `email.parser`: it descends into any depth, takes quadratic time over nested parts and long parameters, and
raises on some headers. The parts lie in the mail's own bytes: nothing is copied until a part's body is asked for.
"""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from services.ingest.smtp.transfer import from_base64, from_uu

Fields = dict[str, str]
"""Lower-case name → value of its first field, unfolded."""

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_BOUNDARY = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_TYPE = re.compile(r"\s*([!-~]+?/[^\s;]+)")
_UTF8_LONGEST = 4


@dataclass(frozen=True)
class Bounds:
    """How much of a mail is looked at.

    Attributes:
        depth: Of multiparts in multiparts.
        parts: Of the mail in all.
        header: Octets of one header.
        fields: Of one header.
        value: Characters of a field's value.
        strict: A mail that goes beyond is refused by `TooComplex`; else what is beyond isn't looked at.
    """

    depth: int
    parts: int
    header: int = 1_000_000
    fields: int = 500
    value: int = 2000
    strict: bool = False


class TooComplex(Exception):  # noqa: N818 - it says what the mail is
    """A mail goes beyond its bounds."""


@dataclass(frozen=True)
class Part:
    """A part that has no parts, of a mail with LF line ends.

    Attributes:
        fields: Of its header.
        inside: The media types of the multiparts around it, outermost first, each with a number of its own.
    """

    fields: Fields
    mail: bytes
    start: int
    end: int
    inside: tuple[tuple[str, int], ...] = ()

    @property
    def body(self) -> bytes:
        """As it came."""
        return self.mail[self.start : self.end]

    @property
    def kind(self) -> str:
        """Its media type, in lower case."""
        return kind(self.fields)

    def decoded(self) -> bytes:
        """The body without its transfer encoding (RFC 2045, 6); as it is, if it can't be decoded."""
        match self.fields.get("content-transfer-encoding", "").strip().lower():
            case "base64":
                return from_base64(memoryview(self.mail)[self.start : self.end])
            case "quoted-printable":
                return quopri.decodestring(self.body)
            case "x-uuencode" | "uuencode" | "x-uue":
                return from_uu(self.body)
        return self.body


def unix_lines(content: bytes) -> bytes:
    """A mail with LF line ends, as the rest here reads it."""
    return content.replace(b"\r\n", b"\n")


def header(mail: bytes, bounds: Bounds) -> list[tuple[str, str]]:
    """Every field of a mail's header, in order: lower-case name and unfolded value."""
    return _read(mail, 0, len(mail), bounds)[0]


def fields(block: bytes, bounds: Bounds) -> Fields:
    """The fields of a group in a report; a line that is no field is passed over."""
    return _firsts(_fields(block.strip(b"\n"), bounds))


def kind(of: Fields) -> str:
    """The media type that fields tell, in lower case; text/plain if they tell none (RFC 2045, 5.2)."""
    told = _TYPE.match(of.get("content-type", ""))
    return told[1].lower() if told else "text/plain"


def leaves(mail: bytes, bounds: Bounds) -> tuple[Fields, Iterator[Part]]:
    """A mail's fields, and its parts that have no parts themselves; a mail that has none is one.

    Raises:
        TooComplex: `bounds` are strict, and the mail goes beyond.
    """
    listed, start = _read(mail, 0, len(mail), bounds)
    of = _firsts(listed)
    return of, _Tree(mail, bounds).below(of, start, len(mail), ())


class _Tree:
    def __init__(self, mail: bytes, bounds: Bounds) -> None:
        self._mail = mail
        self._bounds = bounds
        self._numbers = count(1)

    def below(self, of: Fields, start: int, end: int, inside: tuple[tuple[str, int], ...]) -> Iterator[Part]:
        boundary = _BOUNDARY.search(of.get("content-type", ""))
        if not kind(of).startswith("multipart/") or boundary is None or self._too_deep(inside):
            yield Part(of, self._mail, start, end, inside)
            return
        around = (*inside, (kind(of), next(self._numbers)))
        for first, last in _between(self._mail, start, end, (boundary[1] or boundary[2]).encode()):
            if next(self._numbers) > self._bounds.parts:
                self._beyond()
                return
            listed, body = _read(self._mail, first, last, self._bounds)
            own = _firsts(listed)
            if kind(of) == "multipart/digest":  # whose parts are mails if they tell nothing else (RFC 2046, 5.1.5)
                own.setdefault("content-type", "message/rfc822")
            yield from self.below(own, body, last, around)

    def _too_deep(self, inside: tuple[tuple[str, int], ...]) -> bool:
        if len(inside) < self._bounds.depth:
            return False
        self._beyond()
        return True

    def _beyond(self) -> None:
        if self._bounds.strict:
            raise TooComplex


def _read(mail: bytes, start: int, end: int, bounds: Bounds) -> tuple[list[tuple[str, str]], int]:
    """The header at `start`, and where its body begins; what begins with an empty line has no header."""
    if mail.startswith(b"\n", start, end):
        return [], start + 1
    blank = mail.find(b"\n\n", start, end)
    stop, body = (end, end) if blank < 0 else (blank, blank + 2)
    if bounds.strict and stop - start > bounds.header:
        raise TooComplex
    return _fields(mail[start : min(stop, start + bounds.header)], bounds), body


def _fields(block: bytes, bounds: Bounds) -> list[tuple[str, str]]:
    lines = re.sub(rb"\n[ \t]+", b" ", block).split(b"\n")
    if bounds.strict and len(lines) > bounds.fields:
        raise TooComplex
    found = (_FIELD.match(line) for line in lines[: bounds.fields])
    return [(one[1].decode("ascii").lower(), _value(one[2], bounds.value)) for one in found if one]


def _value(raw: bytes, longest: int) -> str:
    """UTF-8, or what Windows took for text before there was such a thing."""
    short = raw[: longest * _UTF8_LONGEST].strip()
    try:
        return short.decode()[:longest]
    except UnicodeDecodeError:
        return short.decode("cp1252", "replace")[:longest]


def _firsts(listed: list[tuple[str, str]]) -> Fields:
    return dict(reversed(listed))


def _between(mail: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """What stands between the delimiter lines of one multipart (RFC 2046, 5.1.1), also if the last one is missing."""
    mark = b"\n--" + boundary
    opened: int | None = None
    at = mail.find(mark, max(start - 1, 0), end)
    while at >= 0:
        after = at + len(mark)
        line_end = mail.find(b"\n", after, end)
        line_end = end if line_end < 0 else line_end
        rest = mail[after : min(line_end, after + 100)].rstrip(b" \t")
        if rest in {b"", b"--"}:
            if opened is not None:
                yield opened, max(opened, at)
            if rest:
                return
            opened = min(line_end + 1, end)
        at = mail.find(mark, line_end, end)
    if opened is not None:
        yield opened, end
