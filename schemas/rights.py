"""What each process may do on Kafka and in the object store; what isn't said here or in `schemas.topics`, nobody may.

A process is one of our stages by name, or `SWITCH`. On Kafka all follows from the topics: who produces one writes it,
who consumes one may read it and its retry tiers, and write those and its dead letters. `nativefax topics apply` makes
access control lists of it, `nativefax store policy` a policy for each stage's objects (docs/adr/0015).

In patterns ``*`` stands for anything, ``/`` too; in names of Kafka it is only at their end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.keys import (
    ACCEPTED,
    ATTACHMENTS,
    CLAIMS,
    COVER_TEXT,
    DECISION,
    DIALLED,
    DIALLED_STANDARD,
    DOCUMENT,
    DRAFTS,
    FAXES,
    FORWARDED,
    HELD,
    INCOMING,
    LOGOS,
    NOTICE,
    ORIGINAL,
    RECORD,
    RELEASE,
    SUBMISSION,
    THUMBNAIL,
)
from schemas.topics import SWITCH, TOPICS, Topic

__all__ = ["PROCESSES", "STORE", "SWITCH", "KafkaRights", "StoreRights", "kafka_rights", "transactional_id"]

OPERATOR: Final = "portal"
"""Shows its operators every topic, its dead letters and how far each group is, and sends dead letters again."""

RETENTION: Final = "retention/"
"""What retention keeps of its own work: claims of its plans and moves, and its report."""


@dataclass(frozen=True)
class KafkaRights:
    """Patterns of names.

    Attributes:
        reads: Topics to read.
        writes: Topics to write.
        groups: Consumer groups to be a member of.
        watches: Groups of others, to see how far they are.
        transactional_ids: Under which to write in transactions.
    """

    reads: frozenset[str]
    writes: frozenset[str]
    groups: frozenset[str]
    watches: frozenset[str]
    transactional_ids: frozenset[str]


@dataclass(frozen=True)
class StoreRights:
    """Patterns of keys, but for `lists`.

    Attributes:
        reads: Objects to read.
        writes: Objects to write, over others too.
        deletes: Objects to delete, in every version, and unfinished uploads of them.
        lists: Prefixes below which to list names.
        bucket: Whether to look at the bucket itself: its clock, its versioning, every unfinished upload.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    bucket: bool = False


def transactional_id(process: str) -> str:
    """Under which a process writes in transactions (docs/adr/0008)."""
    return f"nativefax-{process}"


def kafka_rights(process: str) -> KafkaRights:
    """What `process` may on Kafka."""
    produced = {topic.name for topic in TOPICS if process in topic.producers}
    consumed = [topic for topic in TOPICS if process in topic.consumers]
    observed = [topic for topic in TOPICS if process in topic.observers]
    reads = {topic.name for topic in (*consumed, *observed)} | {_tiers(topic) for topic in consumed if topic.retries}
    writes = produced | {name for topic in consumed if topic.retries for name in (_tiers(topic), topic.dead_letters)}
    members = {process} if any(topic.retries for topic in consumed) else set()
    watched = _groups_of(observed)
    if process == OPERATOR:
        settled = [topic for topic in TOPICS if topic.retries]
        reads |= {name for topic in settled for name in (topic.name, _tiers(topic), topic.dead_letters)}
        writes |= {name for topic in settled for name in (topic.name, topic.dead_letters)}
        watched = _groups_of(TOPICS)
    return KafkaRights(
        reads=frozenset(reads),
        writes=frozenset(writes),
        groups=_named(members),
        watches=_named(watched - members),
        transactional_ids=frozenset({transactional_id(process)} if writes else ()),
    )


def _tiers(topic: Topic) -> str:
    """Where whoever consumes `topic` puts what isn't done yet."""
    return f"{topic.name}-retry-*"


def _groups_of(topics: Iterable[Topic]) -> set[str]:
    return {process for topic in topics if topic.retries for process in topic.consumers}


def _named(processes: Iterable[str]) -> frozenset[str]:
    """A process's groups are called as it is, with more behind a hyphen where it has several."""
    return frozenset(pattern for process in processes for pattern in (process, f"{process}-*"))


def _of_fax(*names: str) -> tuple[str, ...]:
    """What lies beside any fax, by name."""
    return tuple(f"{FAXES}*/{name}" for name in names)


_DECISIONS: Final = _of_fax(DECISION, RELEASE)
_FORWARDED: Final = _of_fax(f"{FORWARDED}*")
_SUBMITTED: Final = _of_fax(f"{ATTACHMENTS}*", COVER_TEXT, SUBMISSION)
_SUBMITTING: Final = StoreRights(
    reads=(f"{ACCEPTED}*", *_of_fax(SUBMISSION, DECISION)),
    writes=(f"{ACCEPTED}*", *_SUBMITTED),
)
_SWEPT: Final = tuple(f"{root}*" for root in (FAXES, CLAIMS, ACCEPTED, INCOMING, HELD, RETENTION))

STORE: Final[dict[str, StoreRights]] = {
    SWITCH: StoreRights(reads=_of_fax(DIALLED, DIALLED_STANDARD), writes=(f"{INCOMING}*",)),
    "email_in": _SUBMITTING,
    "api": StoreRights(
        reads=(*_SUBMITTING.reads, *_of_fax(DOCUMENT, DIALLED, ORIGINAL)),
        writes=(*_SUBMITTING.writes, *_of_fax(DECISION)),  # that a fax is cancelled
    ),
    "ata": StoreRights(
        reads=(*_SUBMITTING.reads, *_of_fax(ORIGINAL, THUMBNAIL, f"{NOTICE}*")),
        writes=(*_SUBMITTING.writes, *_of_fax(f"{NOTICE}*")),
    ),
    "telephony": StoreRights(writes=(f"{INCOMING}*",)),
    "ingest": StoreRights(
        reads=(f"{INCOMING}*", f"{ACCEPTED}*", *_SUBMITTED, *_of_fax(DECISION)),
        writes=(f"{ACCEPTED}*", *_of_fax(ORIGINAL, DOCUMENT, DIALLED, DIALLED_STANDARD, THUMBNAIL)),
    ),
    "router": StoreRights(reads=_DECISIONS, writes=_DECISIONS, lists=(FAXES,)),
    "dialer": StoreRights(),
    "email_out": StoreRights(
        reads=(f"{CLAIMS}*", *_of_fax(DOCUMENT, DECISION)), writes=(f"{CLAIMS}*", *_FORWARDED), lists=(CLAIMS,)
    ),
    "bounces": StoreRights(reads=(*_DECISIONS, *_FORWARDED)),
    "retention": StoreRights(reads=_SWEPT, writes=_SWEPT, deletes=_SWEPT, lists=("",), bucket=True),
    "history": StoreRights(
        reads=(*_of_fax(RECORD), *_DECISIONS, *(HELD + one for one in (*_of_fax(RECORD), *_DECISIONS))),
        writes=_of_fax(RECORD),
        deletes=_of_fax(RECORD),
        lists=(FAXES, HELD),
    ),
    "portal": StoreRights(
        reads=(
            *_of_fax(DOCUMENT, DIALLED, ORIGINAL, THUMBNAIL),
            *_SUBMITTED,
            *_DECISIONS,
            f"{DRAFTS}*",
            f"{LOGOS}*",
            f"{RETENTION}report.json",
            f"{RETENTION}named/*",
        ),
        writes=(f"{DRAFTS}*", f"{LOGOS}*", f"{RETENTION}named/*"),
        deletes=(f"{DRAFTS}*",),
        lists=(FAXES, DRAFTS, f"{RETENTION}named/"),
    ),
}
"""Every process; those that have nothing there too. Only retention deletes of faxes, but for records that came late."""

PROCESSES: Final = tuple(STORE)
"""Every process that has rights: our stages, and `SWITCH`."""
