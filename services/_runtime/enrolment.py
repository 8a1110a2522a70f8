"""One-time codes with which an ATA enrols: shown once, typed on a keypad; only the SHA-256 is kept and published."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

CODE_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody mistakes for one another on a keypad or a label."""
CODE_LENGTH: Final = 16
"""31^16 is 79 bits: a plain hash of it can't be guessed backwards while it works."""


@dataclass(frozen=True)
class EnrolmentCode:
    """A new code: `text` is shown once, `sha256` is published."""

    text: str = field(repr=False)
    sha256: str


def mint_code() -> EnrolmentCode:
    """A new code."""
    text = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    return EnrolmentCode(text, code_digest(text))


def code_digest(written: str) -> str:
    """The SHA-256 of a code as somebody typed it: spaces, hyphens and small letters don't matter."""
    return sha256("".join(written.split()).replace("-", "").upper().encode()).hexdigest()
