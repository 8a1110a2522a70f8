r"""The headers of a mail, encoded so that no value can become another header.

Not by `email.message.EmailMessage`: it decodes encoded words in what it is given, so the recipient
``=??Q?=0ABcc=3A…@clinic.example`` wrote a line end into the message (tests/unit/test_email_mime.py found it). Here
text is either plain printable ASCII or encoded as a whole (RFC 2047), and addresses are quoted (RFC 5322, 3.4.1).
"""

import re
from email.header import Header
from email.utils import format_datetime

from schemas.fax import EmailRequested
from services.email_out.domain import message_id

Headers = tuple[tuple[str, str], ...]

_ATOMS = re.compile(r"[^\x00-\x20\"(),:;<>@\[\]\\\x7f.]+(\.[^\x00-\x20\"(),:;<>@\[\]\\\x7f.]+)*")
"""A local part that needs no quotes: dot-atom, with what RFC 6532 adds."""


def headers(event: EmailRequested, subject: str) -> Headers:
    """The mail's own headers, in their order.

    They say that a machine wrote it, so that no other machine answers: RFC 3834 for the standard, the X- header for
    Exchange.
    """
    return (
        ("From", f"{phrase(event.brand.name)} <{mailbox(event.brand.from_address)}>"),
        ("To", f"<{mailbox(event.recipient)}>"),
        ("Subject", unstructured("Subject", subject)),
        ("Date", format_datetime(event.requested_at)),
        ("Message-ID", message_id(event)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    )


def lines(values: Headers) -> bytes:
    """The headers as they are sent. A value may go on in a next line that begins with a space.

    Raises:
        ValueError: A value has a line end that isn't such a fold, which no event can cause.
    """
    for name, value in values:
        if re.search(r"[\r\n]", value.replace("\r\n ", "")):
            raise ValueError(f"the header {name} has a line end in its value")
    return "".join(f"{name}: {value}\r\n" for name, value in values).encode()


def unstructured(name: str, text: str) -> str:
    """A subject: plain if it can be, else in encoded words."""
    line = one_line(text)
    return line if _plain(line) else _encoded(name, line)


def phrase(text: str) -> str:
    """A display name: in quotes if it can be, else in encoded words."""
    line = one_line(text)
    return _quoted(line) if _plain(line) else _encoded("From", line)


def mailbox(address: str) -> str:
    """An address, its local part in quotes if it needs them."""
    local, domain = address.rsplit("@", 1)
    return f"{local if _ATOMS.fullmatch(local) else _quoted(local)}@{domain}"


def one_line(text: str) -> str:
    """Without line ends of any kind, Unicode's included, nor other control characters."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())


def _plain(line: str) -> bool:
    return line.isascii() and "=?" not in line


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(name: str, line: str) -> str:
    return Header(line, "utf-8", header_name=name).encode(linesep="\r\n")
