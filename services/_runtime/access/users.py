"""Users of Kafka and their passwords (SCRAM-SHA-512): where the cluster is ours, we make one for each process."""

import secrets
from collections.abc import Mapping
from hashlib import pbkdf2_hmac
from typing import Any, Final

from aiokafka.errors import for_code

from services._runtime.access.client import asking
from services._runtime.access.requests import NO_TAGS, SetPasswords
from services._runtime.settings import KafkaSettings

SHA_512: Final = 2
ITERATIONS: Final = 4096
"""What Kafka asks for at least; our passwords are random and long."""


async def set_passwords(settings: KafkaSettings, passwords: Mapping[str, str]) -> None:
    """Make each user, or give it this password.

    Raises:
        KafkaError: No broker answers, or this user may not.
    """
    async with asking(settings) as ask:
        answer = await ask(SetPasswords([_row(user, password) for user, password in passwords.items()]))
    for user, code, message, _ in answer.results:
        if code:
            raise for_code(code)(f"user {user} was not made: {message or ''}".strip())


def _row(user: str, password: str) -> tuple[Any, ...]:
    salt = secrets.token_bytes(32)
    salted = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return user, SHA_512, ITERATIONS, salt, salted, NO_TAGS
