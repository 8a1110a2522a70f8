"""Giving a cluster its users and their rights. Safe to repeat."""

import asyncio
from dataclasses import dataclass

from aiokafka.errors import ClusterAuthorizationFailedError, SecurityDisabled

from services._runtime.access import acls
from services._runtime.access.settings import AccessSettings
from services._runtime.access.users import set_passwords
from services._runtime.settings import KafkaSettings


class NotAdministrator(Exception):  # noqa: N818 - it says what it is
    """This user may not make users or access control lists; the message says what to do."""


@dataclass(frozen=True)
class Granted:
    """What was done: users who were given a password, and which lists were changed.

    `difference` is None where nobody may make lists, or another tool does; `unguarded`: the cluster has no authorizer,
    so every user may do everything.
    """

    users: int
    difference: acls.Difference | None
    unguarded: bool = False


async def grant(kafka: KafkaSettings, access: AccessSettings, *, dry_run: bool = False) -> Granted:
    """Make users first, then their rights: whoever finds its rights is let in.

    Raises:
        KafkaError: No broker answers.
        NotAdministrator: This user may not.
    """
    try:
        return await _granted(kafka, access, dry_run=dry_run)
    except ClusterAuthorizationFailedError as error:
        raise NotAdministrator(
            f"Kafka's user {kafka.username} may not make users and access control lists. Use one of super.users, or "
            "set NATIVEFAX_KAFKA_ACLS=false where another tool makes them."
        ) from error


async def _granted(kafka: KafkaSettings, access: AccessSettings, *, dry_run: bool) -> Granted:
    passwords = {access.user_of(name): one.get_secret_value() for name, one in access.user_passwords.items()}
    if passwords and not dry_run:
        await set_passwords(kafka, passwords)
    if not access.acls:
        return Granted(len(passwords), None)
    try:
        return Granted(len(passwords), await acls.apply(kafka, access.user_prefix, dry_run=dry_run))
    except SecurityDisabled:
        return Granted(len(passwords), None, unguarded=True)


def grant_now(kafka: KafkaSettings, access: AccessSettings, *, dry_run: bool = False) -> Granted:
    """`grant`, from outside an event loop."""
    return asyncio.run(grant(kafka, access, dry_run=dry_run))
