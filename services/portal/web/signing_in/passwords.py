"""Passwords: Argon2id by argon2-cffi, whose defaults are RFC 9106's second recommendation (64 MiB, 3 passes)."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services._runtime.translating import gettext

SHORTEST: Final = 12
"""Characters; length is all that is asked of a password (NIST SP 800-63B, 3.1.1)."""

LONGEST: Final = 256
"""Characters, so that hashing stays quick."""

AT_ONCE: Final = 2
"""Hashes computed at the same time: each takes 64 MiB, and strangers may ask for them."""


class Passwords:
    """Makes and compares hashes, a few at a time and never on the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """What is stored of `password`."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one of `stored`; without one it takes as long, and is wrong."""
        if len(password) > LONGEST:
            return False
        async with self._turn:
            right = await asyncio.to_thread(self._verify, password, stored or self._nobodys)
        return right and stored is not None

    def _verify(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def fault_of(password: str, again: str) -> str | None:
    """Why `password` can't be chosen, in words; None if it can."""
    if password != again:
        return gettext("The two passwords differ. Type the same one twice.")
    if len(password) < SHORTEST:
        return gettext("Use at least {number} characters: a few words are easy to remember.").format(number=SHORTEST)
    if len(password) > LONGEST:
        return gettext("Use at most {number} characters.").format(number=LONGEST)
    return None


def made_up() -> str:
    """A password for somebody's first sign-in: 96 random bits, easy to read out in groups."""
    digits = secrets.token_hex(12)
    return "-".join(digits[at : at + 6] for at in range(0, len(digits), 6))
