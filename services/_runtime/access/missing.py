"""Whether this process has the rights that the contract gives it, asked before it begins and while it works.

Without asking, a consumer that may not read would try for ever, and only its log would tell.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from typing import Final

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.coordination import FindCoordinatorRequest

from schemas.rights import PROCESSES, KafkaRights, kafka_rights
from schemas.topics import TOPICS
from services._runtime.access.acls import Operation
from services._runtime.access.client import Asking, asking
from services._runtime.access.requests import DescribeTopics
from services._runtime.running import beside
from services._runtime.settings import KafkaSettings

AGAIN_SECONDS: Final = 30.0
TOLD: Final = 4
GROUP, TRANSACTIONAL_ID = 0, 1
"""Kinds of coordinators (KIP-98); whoever may not describe one's key may not use it."""

KNOWN: Final = tuple(name for topic in TOPICS for name in (topic.name, *topic.tiers, topic.dead_letters))

log = logging.getLogger(__name__)


class RightsMissing(Exception):  # noqa: N818 - it says what it is
    """This process's user may not do what the process is for; the message says what, and what to do."""

    def __init__(self, user: str | None, missing: Iterable[str]) -> None:
        told = [*missing]
        more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
        super().__init__(
            f"Kafka's user {user} may not {', '.join(told[:TOLD])}{more}. Give this process the credentials of its own "
            "user, and run `nativefax topics apply` with an administrator's."
        )


async def check_rights(settings: KafkaSettings, process: str) -> None:
    """Return if nothing is missing; a process that the contract doesn't know isn't asked about.

    Raises:
        RightsMissing: With everything that is.
        KafkaError: No broker answers.
    """
    missing = await missing_rights(settings, process)
    if missing:
        raise RightsMissing(settings.username, missing)


class Rights:
    """A process's rights as they were when they were last asked about."""

    def __init__(self, settings: KafkaSettings, process: str, again_seconds: float = AGAIN_SECONDS) -> None:
        self._settings = settings
        self._process = process
        self._again_seconds = again_seconds
        self._lacking: list[str] = []

    async def keep_checking(self) -> None:
        """Never ends: rights can be taken away while a process works. While Kafka doesn't answer, nothing changes."""
        while True:
            await asyncio.sleep(self._again_seconds)
            try:
                await check_rights(self._settings, self._process)
            except RightsMissing as lacking:
                log.error("rights were taken away", extra={"reason": str(lacking)})  # noqa: TRY400 - it says all
                self._lacking = [str(lacking)]
            except (KafkaError, OSError) as error:
                log.info("rights were not checked", extra={"reason": type(error).__name__})
            else:
                self._lacking = []

    def waits(self) -> list[str]:
        """Why the process can't work, if rights are missing."""
        return self._lacking


@asynccontextmanager
async def checked(settings: KafkaSettings, process: str) -> AsyncIterator[Rights]:
    """The process's rights, there when the block begins and checked while it runs.

    Raises:
        RightsMissing, KafkaError: See `check_rights`.
    """
    await check_rights(settings, process)
    rights = Rights(settings, process)
    async with beside(rights.keep_checking(), "rights"):
        yield rights


async def missing_rights(settings: KafkaSettings, process: str) -> list[str]:
    """What `process` may not and should, in words.

    Raises:
        KafkaError: No broker answers.
    """
    if process not in PROCESSES:
        return []
    rights = kafka_rights(process)
    async with asking(settings) as ask:
        granted = await _granted(ask, rights)
        found = [f"read {name}" for name in _named(rights.reads) if not granted[name] & 1 << Operation.READ]
        found += [f"write {name}" for name in _named(rights.writes) if not granted[name] & 1 << Operation.WRITE]
        return found + await _unusable(ask, rights)


def _named(patterns: Iterable[str]) -> list[str]:
    return [name for name in KNOWN if any(fnmatchcase(name, pattern) for pattern in patterns)]


async def _granted(ask: Asking, rights: KafkaRights) -> Mapping[str, int]:
    """Topic → bit field of what this user may. A topic that isn't there lacks nothing: it is missed elsewhere."""
    everything = -1
    answer = await ask(DescribeTopics(_named(rights.reads | rights.writes)))
    refused = TopicAuthorizationFailedError.errno
    return {
        name: 0 if code == refused else everything if code else operations
        for code, name, _internal, _partitions, operations in answer.topics
    }


async def _unusable(ask: Asking, rights: KafkaRights) -> list[str]:
    groups = [(name, GROUP, GroupAuthorizationFailedError.errno) for name in rights.groups]
    ids = [(name, TRANSACTIONAL_ID, TransactionalIdAuthorizationFailed.errno) for name in rights.transactional_ids]
    words = {GROUP: "join group", TRANSACTIONAL_ID: "write as"}
    return [
        f"{words[kind]} {name}"
        for name, kind, refused in (*groups, *ids)
        if (await ask(FindCoordinatorRequest(name.replace("*", "retries"), kind))).error_code == refused
    ]
