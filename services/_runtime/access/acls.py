"""Access control lists: what the contract lets each process do, and making a cluster's what that says."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from aiokafka.errors import for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from schemas.rights import PROCESSES, kafka_rights
from services._runtime.access.client import Asking, asking
from services._runtime.access.requests import CreateAcls, DeleteAcls
from services._runtime.settings import KafkaSettings

KNOWN_SECONDS: Final = 10.0
"""Then whoever isn't known yet is refused and asks again, as everybody does at the start."""

EVERY_HOST: Final = "*"
ALLOW: Final = 3
ANY: Final = 1
"""Of resource types, patterns, operations and permissions alike, where they filter."""


class Resource(IntEnum):
    """org.apache.kafka.common.resource.ResourceType."""

    TOPIC = 2
    GROUP = 3
    TRANSACTIONAL_ID = 5


class Pattern(IntEnum):
    """org.apache.kafka.common.resource.PatternType."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """org.apache.kafka.common.acl.AclOperation; who may read or write may describe."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8


@dataclass(frozen=True, order=True)
class Acl:
    """A user may do something, from any host. The numbers are the protocol's: others than ours occur in a cluster."""

    user: str
    operation: int
    resource: int
    name: str
    pattern: int = Pattern.LITERAL

    def __str__(self) -> str:
        what = _word(Resource, self.resource)
        kept = f"{self.name}*" if self.pattern == Pattern.PREFIXED else self.name
        return f"{self.user} may {_word(Operation, self.operation)} {what} {kept}"

    @property
    def row(self) -> tuple[Any, ...]:
        """As the protocol has it, to create it or to find it alone."""
        where = (int(self.resource), self.name, int(self.pattern))
        return (*where, f"User:{self.user}", EVERY_HOST, int(self.operation), ALLOW)


def _word(kind: type[IntEnum], number: int) -> str:
    known = {int(one): one.name.lower().replace("_", " ") for one in kind}
    return known.get(number, f"({number})")


@dataclass(frozen=True)
class Difference:
    """What a cluster lacks, and what it has of ours and shouldn't."""

    missing: tuple[Acl, ...]
    extra: tuple[Acl, ...]


def acls_of(process: str, user: str) -> set[Acl]:
    """What a process's user needs, and no more."""
    rights = kafka_rights(process)
    of_kind = (
        (Operation.READ, Resource.TOPIC, rights.reads),
        (Operation.WRITE, Resource.TOPIC, rights.writes),
        (Operation.READ, Resource.GROUP, rights.groups),
        (Operation.DESCRIBE, Resource.GROUP, rights.watches),
        (Operation.WRITE, Resource.TRANSACTIONAL_ID, rights.transactional_ids),
    )
    return {
        Acl(
            user,
            operation,
            resource,
            name.removesuffix("*"),
            Pattern.PREFIXED if name.endswith("*") else Pattern.LITERAL,
        )
        for operation, resource, names in of_kind
        for name in names
    }


def wanted(prefix: str, processes: Iterable[str] = PROCESSES) -> set[Acl]:
    """Those of every process, whose user is called `prefix` and its name."""
    return {acl for process in processes for acl in acls_of(process, f"{prefix}{process}")}


async def apply(settings: KafkaSettings, prefix: str, *, dry_run: bool = False) -> Difference:
    """Create what is missing and delete what is too much, of users whose name begins with `prefix`; of others nothing.

    Returns:
        What was changed, or with `dry_run` what would be.

    Raises:
        KafkaError: No broker answers, or this user may not, or the cluster has no authorizer.
        ValueError: There is no prefix by which our users can be told from others.
    """
    if not prefix:
        raise ValueError("without a prefix nobody can tell which users are Native Fax's")
    async with asking(settings) as ask:
        present, needed = await _present(ask, prefix), wanted(prefix)
        difference = Difference(tuple(sorted(needed - present)), tuple(sorted(present - needed)))
        if not dry_run:
            await _change(ask, difference)
            await _until_known(ask, prefix, needed)
    return difference


async def _present(ask: Asking, prefix: str) -> set[Acl]:
    answer = await ask(DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    _check(answer.error_code, answer.error_message)
    return {
        Acl(principal.removeprefix("User:"), operation, resource, name, pattern)
        for resource, name, pattern, entries in answer.resources
        for principal, host, operation, permission in entries
        if principal.startswith(f"User:{prefix}") and host == EVERY_HOST and permission == ALLOW
    }


async def _until_known(ask: Asking, prefix: str, needed: set[Acl]) -> None:
    """The controller has what was changed at once, a broker a moment later."""
    with suppress(TimeoutError):
        async with asyncio.timeout(KNOWN_SECONDS):
            while await _present(ask, prefix) != needed:  # noqa: ASYNC110 - the broker makes it true
                await asyncio.sleep(0.02)


async def _change(ask: Asking, difference: Difference) -> None:
    """First what is missing: nobody who works is without a right in between."""
    if difference.missing:
        answer = await ask(CreateAcls([acl.row for acl in difference.missing]))
        for code, message in answer.creation_responses:
            _check(code, message)
    if difference.extra:
        answer = await ask(DeleteAcls([acl.row for acl in difference.extra]))
        for code, message, _ in answer.filter_responses:
            _check(code, message)


def _check(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message or "")
