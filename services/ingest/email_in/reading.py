"""From a mail's bytes to what is faxed of it.

Any bytes are a mail; time and memory are a small multiple of their number.
"""

import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256

from services.ingest.documents.kinds import kind_of
from services.ingest.email_in.choosing import alternatives, is_body, role
from services.ingest.email_in.refusals import ENCRYPTED, FILES_TOO_LARGE, TOO_COMPLEX, TOO_MANY_FILES, Refused
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

_SEALED = {"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_WIDE = re.compile(r"charset=\"?utf-?(16|32)", re.IGNORECASE)
_SHOWN_FIELDS = ("from", "date", "to", "subject")


@dataclass(frozen=True)
class Mail:
    """What a mail holds.

    Attributes:
        header: Its fields in order: lower-case name and value.
        body: Its texts in their order; an HTML page's where there is no other form of it.
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
    parts = [(part, part.decoded()) for part in leaves(lines, BOUNDS)[1]]
    bodies = [(part, text(data, _type(part))) for part, data in parts if is_body(part)]
    shown = frozenset[str]().union(*(content_ids(said) for part, said in bodies if part.kind == "text/html"))
    files: list[File] = []
    for part, data in parts:
        _refuse_encrypted(part, data)
        match role(part, data, shown):
            case "mail":
                files += _forwarded(part, data, mails)
            case "file":
                files += _files(part, data, len(files) + 1)
    return Mail(tuple(header(lines, BOUNDS)), _body(bodies), tuple(files), _digest(parts))


def _body(bodies: list[tuple[Part, str]]) -> str:
    """Everything a reader sees of the message; of a page and its other form as text that text."""
    also_text = frozenset[int]().union(
        *(alternatives(part) for part, said in bodies if _is_text(part) and said.strip())
    )
    seen = (
        said if _is_text(part) else page_text(said)
        for part, said in bodies
        if _is_text(part) or not also_text & alternatives(part)
    )
    return "\n\n".join(said.strip("\n") for said in seen if said.strip()).strip()


def _is_text(part: Part) -> bool:
    return part.kind == "text/plain"


def _refuse_encrypted(part: Part, data: bytes) -> None:
    """Refuse what only its reader's program can open; as text it would be a page of letters without sense.

    Raises:
        Refused: It is encrypted, or packed into its signature.
    """
    sealed = any(kind == "multipart/encrypted" for kind, _ in part.inside) or part.kind in _SEALED
    if sealed or data[:1000].lstrip().startswith(b"-----BEGIN PGP MESSAGE-----"):
        raise Refused(ENCRYPTED)


def _digest(parts: list[tuple[Part, bytes]]) -> str:
    return sha256(b"".join(sha256(_compared(part, data)).digest() for part, data in parts)).hexdigest()


def _compared(part: Part, data: bytes) -> bytes:
    """Text without the line ends at its end: what stands before a boundary is not the same everywhere."""
    return unix_lines(data).rstrip() if part.kind.startswith("text/") else data


def _files(part: Part, data: bytes, number: int) -> list[File]:
    inside = opened(data) if part.kind == "application/ms-tnef" or filename(part.fields) == "winmail.dat" else None
    if inside is not None:
        return [
            File(one.name, mimetypes.guess_type(one.name)[0] or "application/octet-stream", one.data) for one in inside
        ]
    if part.kind.startswith("text/") and _is_written(part, data):
        written = text(data, _type(part)).rstrip()
        if not written:  # what Exchange makes of empty lines after an attachment
            return []
        data = written.encode(errors="replace")
    return [File(filename(part.fields) or _unnamed(part, number), part.kind, data)]


def _is_written(part: Part, data: bytes) -> bool:
    """Whether what is called text is text."""
    return kind_of(data, part.kind) in {"text", "html", "csv"} or _WIDE.search(_type(part)) is not None


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
