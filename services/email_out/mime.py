"""A letter and a PDF as one MIME message.

The frame of the body is fixed, so it is written as it is, with the PDF's base64 between: the standard library's
generator takes an attachment apart line by line, which costs 20 times as much at 5 MB (tests/bench/bench_mail.py).
tests/unit/test_email_mime.py holds what comes out against `email.parser`.
"""

from binascii import b2a_qp
from hashlib import sha256
from io import BytesIO

import numpy as np
import pybase64

from services.email_out.headers import lines
from services.email_out.letters import Letter

COLUMNS = 76
"""Characters of base64 in a line (RFC 2045, 6.8)."""

LONGEST_LINE = 998
"""Octets in a line, without its end (RFC 5322, 2.1.1)."""

_ROWS = 1500
_PIECE = _ROWS * COLUMNS // 4 * 3
_LINE = np.dtype([("text", f"V{COLUMNS}"), ("end", "u2")])


def compose(letter: Letter, pdf: bytes | None = None) -> bytes:
    """The message, with CRLF line ends and, unless an address needs more, in ASCII; `pdf` is attached if given.

    The same letter gives the same octets, boundaries included.
    """
    mark = b"=_" + sha256("\0".join((str(letter.headers), letter.text, letter.html)).encode()).hexdigest()[:32].encode()
    headers = lines((*letter.headers, ("MIME-Version", "1.0")))
    texts = _alternatives(letter, mark)
    if pdf is None:
        return headers + texts
    head = b"%b%b--%b.m\r\n%b\r\n--%b.m\r\n%b" % (
        headers,
        _multipart(b"mixed", mark + b".m"),
        mark,
        texts,
        mark,
        _pdf_headers(letter.filename),
    )
    tail = b"\r\n--%b.m--\r\n" % mark
    out = _room(len(head) + _encoded_size(len(pdf)) + len(tail))
    out.write(head)
    _in_lines(pdf, out)
    out.write(tail)
    return out.getvalue()


def _alternatives(letter: Letter, mark: bytes) -> bytes:
    html = letter.html.encode("ascii", "xmlcharrefreplace")
    return b"%b--%b.a\r\n%b\r\n--%b.a\r\n%b\r\n--%b.a--\r\n" % (
        _multipart(b"alternative", mark + b".a"),
        mark,
        _text(b"plain", letter.text.encode()),
        mark,
        _text(b"html", html),
        mark,
    )


def _multipart(subtype: bytes, boundary: bytes) -> bytes:
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n' % (subtype, boundary)


def _text(subtype: bytes, text: bytes) -> bytes:
    lines = text.splitlines()
    plain = text.isascii() and all(len(line) <= LONGEST_LINE for line in lines)
    body = b"".join(line + b"\r\n" for line in lines)  # all end so: the encoder breaks lines as the first one ends
    return b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: %b\r\n\r\n%b' % (
        subtype,
        b"7bit" if plain else b"quoted-printable",
        body if plain else b2a_qp(body, istext=True),
    )


def _pdf_headers(filename: str) -> bytes:
    return (
        b"Content-Type: application/pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="%b"\r\n\r\n'
    ) % filename.encode("ascii")


def _room(size: int) -> BytesIO:
    """A buffer of its final size: growing it would copy it again and again."""
    out = BytesIO()
    out.seek(size - 1)
    out.write(b"\0")
    out.seek(0)
    return out


def _encoded_size(octets: int) -> int:
    """Octets of so many octets in base64, in CRLF lines."""
    characters = (octets + 2) // 3 * 4
    return characters + (characters + COLUMNS - 1) // COLUMNS * 2


def _in_lines(pdf: bytes, out: BytesIO) -> None:
    """Write `pdf` as base64 in CRLF lines of 76 columns.

    Piece by piece in a small buffer that stays in the processor's cache: a second and a third buffer of the whole size
    cost more than the encoding does. Numpy copies 76 octets as one item.
    """
    lines = np.empty(_ROWS, _LINE)
    lines["end"] = np.frombuffer(b"\r\n", _LINE["end"])
    octets = lines.view("u1").data
    for start in range(0, len(pdf), _PIECE):
        encoded = pybase64.b64encode(pdf[start : start + _PIECE])
        full = len(encoded) // COLUMNS
        lines["text"][:full] = np.frombuffer(encoded, _LINE["text"], full)
        out.write(octets[: full * _LINE.itemsize])
        last = encoded[full * COLUMNS :]
        out.write(last + b"\r\n" if last else b"")
