"""What mails are packed in to cross servers of seven bits, unpacked as far as it goes. Pure."""

import re
from binascii import a2b_base64, a2b_uu

_PADDED = re.compile(rb"[A-Za-z0-9+/]={1,2}\s{0,4}[A-Za-z0-9+/]")
"""Padding with more behind it: a program that codes a file piece by piece (else it is a footer, and no base64)."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_PIECES = re.compile(rb"[A-Za-z0-9+/\s]+=*")


def from_base64(body: memoryview) -> bytes:
    """What can be decoded; a body that was cut off loses its last octets at most."""
    try:
        if (padding := _PADDED.search(body)) and _BASE64.fullmatch(body, padding.start()):
            return b"".join(map(a2b_base64, _PIECES.findall(body)))
        return a2b_base64(body)
    except ValueError:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        return a2b_base64(letters[: len(letters) // 4 * 4]) or bytes(body)


def from_uu(body: bytes) -> bytes:
    """What stands between ``begin`` and ``end``; as it is, if it can't be decoded."""
    _, begin, rest = b"\n".join((b"", body)).partition(b"\nbegin ")
    try:
        lines = rest.partition(b"\nend")[0].split(b"\n")[1:]
        return b"".join(map(a2b_uu, lines)) if begin else body
    except ValueError:
        return body
