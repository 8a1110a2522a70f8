"""The parts of a mail, read in one pass over its lines, whatever is in it.

Not by `email.parser`: it descends into any depth, takes quadratic time over nested parts and long parameters, and
raises on some headers. A report has few parts and short fields, so what is beyond these bounds isn't looked at.
"""

import quopri
import re
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

Fields = dict[str, str]
"""Lower-case name → value of its first field, unfolded."""

DEPTH = 3
PARTS = 20
FIELDS = 500
VALUE = 2000
"""Characters of a field's value that are looked at."""

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_BOUNDARY = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_TYPE = re.compile(r"\s*([!-~]+/[^\s;]+)")


@dataclass(frozen=True)
class Part:
    """A part that has no parts; `body` is as it came, with LF line ends."""

    fields: Fields
    body: bytes

    @property
    def kind(self) -> str:
        """Its media type, in lower case."""
        return kind(self.fields)

    def decoded(self) -> bytes:
        """The body without its transfer encoding (RFC 2045, 6); as it is, if it can't be decoded."""
        match self.fields.get("content-transfer-encoding", "").strip().lower():
            case "base64":
                try:
                    return a2b_base64(self.body)
                except ValueError:
                    return self.body
            case "quoted-printable":
                return quopri.decodestring(self.body)
        return self.body


def split(content: bytes) -> tuple[Fields, bytes]:
    """A mail's header fields, and its body with LF line ends."""
    return _headed(content.replace(b"\r\n", b"\n"))


def fields(block: bytes) -> Fields:
    """The fields of a header, or of a group in a report; a line that is no field is passed over."""
    found: Fields = {}
    for line in re.sub(rb"\n[ \t]+", b" ", block.strip(b"\n")).split(b"\n")[:FIELDS]:
        field = _FIELD.match(line)
        if field:
            name = field[1].decode("ascii").lower()
            found.setdefault(name, field[2][:VALUE].decode("utf-8", "replace").strip())
    return found


def kind(of: Fields) -> str:
    """The media type that fields tell, in lower case; text/plain if they tell none (RFC 2045, 5.2)."""
    told = _TYPE.match(of.get("content-type", ""))
    return told[1].lower() if told else "text/plain"


def leaves(of: Fields, body: bytes, depth: int = 0) -> Iterator[Part]:
    """The parts of a mail that have no parts themselves; a mail that has none is one."""
    boundary = _BOUNDARY.search(of.get("content-type", ""))
    if not kind(of).startswith("multipart/") or boundary is None or depth == DEPTH:
        yield Part(of, body)
        return
    for inner in islice(_between(b"\n" + body, (boundary[1] or boundary[2]).encode()), PARTS):
        yield from leaves(*_headed(inner), depth + 1)


def _headed(block: bytes) -> tuple[Fields, bytes]:
    """Header and body of a mail or part; one that begins with an empty line has no header."""
    head, _, body = (b"\n" + block).partition(b"\n\n")
    return fields(head), body


def _between(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the delimiter lines of one multipart (RFC 2046, 5.1.1), also if the last one is missing."""
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\n|\Z)")
    line = delimiter.search(body)
    while line is not None and line[1] is None:
        after = delimiter.search(body, line.end() - 1)
        yield body[line.end() : after.start() if after else len(body)]
        line = after
