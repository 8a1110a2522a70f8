"""Browsers that were signed in before: a signed cookie, for a year, that only lets failures be counted apart.

It signs nobody in. It names the emails (hashed) that were signed in there, each with a random id for counting.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

REMEMBERED: Final = timedelta(days=365)

AT_MOST: Final = 5
"""Emails of one browser: those that were signed in last."""


class Browsers:
    """Reads and writes the cookie.

    Args:
        secret: The same in every process; None: one of this process's own.
    """

    def __init__(self, secret: str | None = None) -> None:
        self._signed = URLSafeTimedSerializer(secret or secrets.token_hex(), salt="nativefax.portal.browser")

    def id_of(self, cookie: str | None, email: str) -> str | None:
        """What failures with `email` are counted for; None: this browser isn't known for it."""
        return self._known(cookie).get(_hash(email))

    def remember(self, cookie: str | None, email: str) -> str:
        """The cookie after `email` has signed in."""
        known, mine = dict(self._known(cookie)), _hash(email)
        found = known.pop(mine, None) or secrets.token_urlsafe(12)
        newest = [*known.items(), (mine, found)][-AT_MOST:]
        return str(self._signed.dumps(newest))

    def _known(self, cookie: str | None) -> Mapping[str, str]:
        if not cookie:
            return {}
        try:
            return dict(self._signed.loads(cookie, max_age=int(REMEMBERED.total_seconds())))
        except (BadData, TypeError, ValueError):
            return {}


def _hash(email: str) -> str:
    return sha256(email.encode()).hexdigest()[:24]
