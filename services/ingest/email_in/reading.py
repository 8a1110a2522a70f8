"""From a mail's bytes to what is faxed of it.

Any bytes are a mail; time and memory are a small multiple of their number.
"""

import mimetypes
from dataclasses import dataclass
from hashlib import sha256

from services.ingest.email_in.choosing import is_body, role
from services.ingest.email_in.refusals import FILES_TOO_LARGE, TOO_COMPLEX, TOO_MANY_FILES, Refused
from services.ingest.email_in.tnef import opened
from services.ingest.email_in.words import content_ids, decoded, filename, page_text, text
from services.ingest.smtp.parts import Bounds, Part, TooComplex, header, leaves, unix_lines
from services.ingest.submission import File

BOUNDS = Bounds(depth=20, parts=500, header=500_000, fields=2000, value=10_000, strict=True)
MAILS = 5
"""Mails in mails."""

FILES = 30
"""Of one fax (`FaxSubmitted.attachments`)."""

FILE_BYTES = 50_000_000
"""Of all files of one fax."""

_SHOWN_FIELDS = ("from", "date", "to", "subject")


@dataclass(frozen=True)
class Mail:
    """What a mail holds.

    Attributes:
        header: Its fields in order: lower-case name and value.
        body: Its text, or that of its HTML page.
        files: To fax, in their order.
        sha256: Of all its parts, without their transfer encodings, which a relay may change.
    """

    header: tuple[tuple[str, str], ...]
    body: str
    files: tuple[File, ...]
    sha256: str

    def field(self, name: str) -> str:
        """The first field of this name; empty if there is none."""
        return next((value.strip() for one, value in self.header if one == name), "")


def read_mail(content: bytes) -> Mail:
    """Read a mail.

    Raises:
        Refused: It is too large or too complicated.
    """
    try:
        mail = _read(content, MAILS)
    except TooComplex as error:
        raise Refused(TOO_COMPLEX) from error
    if len(mail.files) > FILES:
        raise Refused(TOO_MANY_FILES)
    if sum(len(one.data) for one in mail.files) > FILE_BYTES:
        raise Refused(FILES_TOO_LARGE)
    return mail


def _read(content: bytes, mails: int) -> Mail:
    lines = unix_lines(content)
    parts = [(part, _contents(part)) for part in leaves(lines, BOUNDS)[1]]
    pages = [text(data, _type(part)) for part, data in parts if is_body(part) and part.kind == "text/html"]
    shown = frozenset[str]().union(*map(content_ids, pages))
    texts: list[str] = []
    files: list[File] = []
    for part, data in parts:
        match role(part, len(data), shown):
            case "text":
                texts.append(text(data, _type(part)))
            case "mail":
                files += _forwarded(part, data, mails)
            case "file":
                files += _files(part, data, len(files) + 1)
    body = "\n".join(texts).strip() or "\n\n".join(map(page_text, pages)).strip()
    return Mail(tuple(header(lines, BOUNDS)), body, tuple(files), _digest(parts))


def _contents(part: Part) -> bytes:
    """Text without the line ends at its end: what stands before a boundary is not the same everywhere."""
    data = part.decoded()
    return unix_lines(data).rstrip() if part.kind.startswith("text/") else data


def _digest(parts: list[tuple[Part, bytes]]) -> str:
    return sha256(b"".join(sha256(data).digest() for _, data in parts)).hexdigest()


def _files(part: Part, data: bytes, number: int) -> list[File]:
    inside = opened(data) if part.kind == "application/ms-tnef" or filename(part.fields) == "winmail.dat" else None
    if inside is not None:
        return [
            File(one.name, mimetypes.guess_type(one.name)[0] or "application/octet-stream", one.data) for one in inside
        ]
    if part.kind == "text/plain":
        data = text(data, _type(part)).encode(errors="replace")
    return [File(filename(part.fields) or _unnamed(part, number), part.kind, data)]


def _unnamed(part: Part, number: int) -> str:
    return f"attachment-{number}{mimetypes.guess_extension(part.kind) or ''}"


def _forwarded(part: Part, data: bytes, mails: int) -> list[File]:
    """A forwarded mail: who wrote what when, then its attachments."""
    if mails == 0:
        raise TooComplex
    mail = _read(data, mails - 1)
    if not mail.body:
        return list(mail.files)
    told = [f"{name.title()}: {decoded(value)}" for name in _SHOWN_FIELDS if (value := mail.field(name))]
    written = "\n".join([*told, "", mail.body])
    name = filename(part.fields).removesuffix(".eml") or decoded(mail.field("subject"))[:50] or "forwarded message"
    return [File(f"{name}.txt", "text/plain", written.encode(errors="replace")), *mail.files]


def _type(part: Part) -> str:
    return part.fields.get("content-type", "")
