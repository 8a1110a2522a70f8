"""A letter and a PDF as one MIME message.

The standard library builds the tree around a placeholder, and the PDF's base64 is put in its place: `email.generator`
takes an attachment apart line by line, which cost 25 times as much at 5 MB (tests/bench/bench_mail.py).
"""

import base64
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256

import numpy as np
import pybase64

from services.email_out.letters import Letter

COLUMNS = 76
"""Characters of base64 in a line (RFC 2045, 6.8)."""

LONGEST_LINE = 998
"""Octets in a line, without its end (RFC 5322, 2.1.1)."""

_PLACEHOLDER = b"the document goes here"
_END = np.frombuffer(b"\r\n", "u1")


def compose(letter: Letter, pdf: bytes | None = None) -> bytes:
    """The message, with CRLF line ends and, unless an address needs more, in ASCII; `pdf` is attached if given.

    The same letter gives the same octets.
    """
    message = _message(letter)
    if pdf is None:
        _name_boundaries(message, letter)
        return message.as_bytes()
    message.add_attachment(_PLACEHOLDER, maintype="application", subtype="pdf", filename=letter.filename)
    _name_boundaries(message, letter)
    # The attachment is the last part: whatever the letter says, the last occurrence is the placeholder's.
    head, _, tail = message.as_bytes().rpartition(base64.b64encode(_PLACEHOLDER) + b"\r\n")
    return _join(head, pybase64.b64encode(pdf), tail)


def _message(letter: Letter) -> EmailMessage:
    addresses = [value.addr_spec for _, value in letter.headers if isinstance(value, Address)]
    message = EmailMessage(policy=SMTP if all(map(str.isascii, addresses)) else SMTPUTF8)
    for name, value in letter.headers:
        message[name] = value
    message.set_content(letter.text, cte=_encoding(letter.text))
    html = letter.html.encode("ascii", "xmlcharrefreplace").decode()
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    return message


def _encoding(text: str) -> str:
    plain = text.isascii() and all(len(line) <= LONGEST_LINE for line in text.split("\n"))
    return "7bit" if plain else "quoted-printable"


def _name_boundaries(message: EmailMessage, letter: Letter) -> None:
    """Boundaries that are the same each time, and occur in no part: a digest of all that is in them."""
    digest = sha256("\0".join((str(letter.headers), letter.text, letter.html)).encode()).hexdigest()[:24]
    multiparts = [part for part in message.walk() if part.is_multipart()]
    for level, part in enumerate(multiparts):
        part.set_boundary(f"=_{digest}_{level}")


def _join(head: bytes, encoded: bytes, tail: bytes) -> bytes:
    """`encoded` between `head` and `tail`, in CRLF lines of 76 columns."""
    full, rest = divmod(len(encoded), COLUMNS)
    ended = rest + 2 if rest else 0
    whole = np.empty(len(head) + full * (COLUMNS + 2) + ended + len(tail), "u1")
    lines = whole[len(head) :][: full * (COLUMNS + 2)].reshape(full, COLUMNS + 2)
    flat = np.frombuffer(encoded, "u1")
    lines[:, :COLUMNS] = flat[: full * COLUMNS].reshape(full, COLUMNS)
    lines[:, COLUMNS:] = _END
    last = b"".join((encoded[full * COLUMNS :], b"\r\n" if rest else b"", tail))
    whole[: len(head)] = np.frombuffer(head, "u1")
    whole[len(whole) - len(last) :] = np.frombuffer(last, "u1")
    return whole.tobytes()
