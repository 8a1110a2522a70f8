"""Words out of a mail: charsets, encoded words, file names, and what an HTML page says. Lenient, bounded, pure."""

import codecs
import html
import re
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import PurePosixPath
from urllib.parse import unquote

from services.ingest.charsets import codec_of
from services.ingest.documents.kinds import written
from services.ingest.smtp.parts import Fields

HTML = 1_000_000
"""Octets of an HTML body that are read."""

LONGEST = 4000
"""Characters of a header field's value that are decoded: the standard library takes quadratic time over some."""

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What begins so is UTF-16: mail programs call a text us-ascii that an editor stored as "Unicode"."""

_TAG = re.compile(r"<(/?[A-Za-z!][^<>]*)>")
_CELL = re.compile(r"/(td|th)\b", re.IGNORECASE)
_BREAKS = re.compile(r"/?(br|p|div|tr|li|h[1-6]|table|ul|ol|blockquote|pre)\b", re.IGNORECASE)
_HIDDEN = re.compile(r"(style|script|head|title)\b", re.IGNORECASE)
_CID = re.compile(r"\bcid:([^\s\"'<>)]{1,200})", re.IGNORECASE)


def text(data: bytes, content_type: str) -> str:
    """A text part's characters, with LF line ends; whatever its charset is said to be."""
    return _characters(data, content_type).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _characters(data: bytes, content_type: str) -> str:
    told = _CHARSET.search(content_type)
    codec = codec_of(told[1]) if told else None
    if codec and not data.startswith(_MARKS):
        with suppress(UnicodeError):
            return data.decode(codec)
    return written(data) or data.decode("cp1252", "replace")


def decoded(value: str) -> str:
    """A field's value with its encoded words decoded (RFC 2047); as it is, if it can't be."""
    try:
        return str(make_header(decode_header(value[:LONGEST])))
    except (MessageError, ValueError, LookupError):
        return value


def filename(fields: Fields) -> str:
    """A part's file name: RFC 2231, else RFC 2047, else as it is; without a path, at the end of which it may stand."""
    names = [name for field in ("content-disposition", "content-type") for name in _names(fields.get(field, ""))]
    found = next(iter(names), "")
    name = PurePosixPath(decoded(found).replace("\\", "/")).name
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())


def _names(value: str) -> list[str]:
    """What one field calls the file; what is said by RFC 2231 first, for it was written for those who read it."""
    message = Message()
    message["Content-Disposition"] = value[:LONGEST]
    try:
        told = message.get_params([], header="content-disposition")
        names = [one for key, one in told if key.lower() in {"filename", "name"}]
        names.sort(key=lambda one: not isinstance(one, tuple))
        return [name for one in names if (name := str(collapse_rfc2231_value(one)))]
    except (MessageError, ValueError, LookupError, TypeError):
        return []


def page_text(page: str) -> str:
    """What an HTML page says, in lines, with tabs between a table's cells; nothing of it is fetched or run."""
    said: list[str] = []
    hidden = ""
    for number, piece in enumerate(_TAG.split(_uncommented(page[:HTML]))):
        if number % 2 == 0:
            said.append("" if hidden else " ".join(re.split(r"[ \t\r\n]+", piece)))
        elif hidden:
            ended = piece.lower().startswith(f"/{hidden}") or (hidden == "head" and piece.lower().startswith("body"))
            hidden = "" if ended else hidden
        elif start := _HIDDEN.match(piece):
            hidden = "" if piece.endswith("/") else start[1].lower()
        elif _BREAKS.match(piece):
            said.append("\n")
        elif _CELL.match(piece):
            said.append("\t")
    lines = ("\t".join(_cells(line)) for line in html.unescape("".join(said)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _uncommented(page: str) -> str:
    first, *rest = page.split("<!--")
    return first + "".join(one.partition("-->")[2] for one in rest)


def _cells(line: str) -> list[str]:
    return [said for cell in line.split("\t") if (said := " ".join(cell.split()))]


def content_ids(page: str) -> frozenset[str]:
    """The Content-IDs of what an HTML page shows (RFC 2392), without angle brackets."""
    return frozenset(map(unquote, _CID.findall(html.unescape(page[:HTML]))))
