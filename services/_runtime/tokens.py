"""Tokens of the HTTP APIs: whoever holds one may use it, so only its SHA-256 is ever stored or published."""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

SECRET_BYTES: Final = 32
"""256 bits from the system's random source: a plain hash of it can't be guessed backwards."""

_TOKEN_ID: Final = r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}"  # noqa: S105 - a pattern
_SECRET: Final = r"[A-Za-z0-9_-]{32,128}"  # noqa: S105 - a pattern

Kind = Literal["nfx", "nfp"]
"""What a token begins with: of a fax account, for the fax API; or of a person, for the portal's API."""


@dataclass(frozen=True)
class Minted:
    """A new token: `text` is shown once to whom it is for, `sha256` goes into the account or the settings."""

    token_id: str
    text: str
    sha256: str

    def __repr__(self) -> str:
        return f"Minted({self.token_id!r}, {self.sha256!r})"


def mint(token_id: str, kind: Kind = "nfx") -> Minted:
    """A new token. Its id is in it in clear, so that one found in the wrong place can be traced and revoked.

    Raises:
        ValueError: The id has other characters than letters, digits, dots and hyphens, or more than 64.
    """
    if not re.fullmatch(_TOKEN_ID, token_id):
        raise ValueError("a token's id has 1 to 64 letters, digits, dots and hyphens, and begins with none of the last")
    text = f"{kind}_{token_id}_{secrets.token_hex(SECRET_BYTES)}"
    return Minted(token_id, text, digest(text))


def digest(text: str) -> str:
    """What a token is stored and looked up by: the SHA-256 of all of it."""
    return sha256(text.encode()).hexdigest()


def is_token(text: str, kind: Kind = "nfx") -> bool:
    """Whether `text` looks like a token of ours: what doesn't needn't be looked up."""
    return re.fullmatch(rf"{kind}_{_TOKEN_ID}_{_SECRET}", text) is not None
