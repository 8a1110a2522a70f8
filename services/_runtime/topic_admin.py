"""Making a cluster's topics what `schemas/topics.py` says."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, for_code

from schemas.rights import transactional_id
from schemas.topics import BROKER_LIMIT, DAY_MS, TOPICS, Topic
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings

DEAD_LETTER_DAYS = 28
TIER_PARTITIONS = 3


@dataclass(frozen=True)
class Wanted:
    """One topic of the cluster."""

    name: str
    partitions: int
    configuration: dict[str, str]


@dataclass(frozen=True)
class Applied:
    """What was done: names of topics made and configured, and what a person must decide."""

    created: tuple[str, ...]
    configured: tuple[str, ...]
    differs: tuple[str, ...]


def wanted(replication: int, topics: Iterable[Topic] = TOPICS) -> list[Wanted]:
    """Every topic, its retry tiers and its dead letters, on a cluster that keeps `replication` copies."""
    safe = {"min.insync.replicas": str(max(1, replication - 1))}
    return [Wanted(one.name, one.partitions, one.configuration | safe) for topic in topics for one in _family(topic)]


def _family(topic: Topic) -> Iterator[Wanted]:
    kept = {"retention.ms": str(topic.retention_ms), "max.message.bytes": str(BROKER_LIMIT)}
    compacted = {"cleanup.policy": "compact", "max.message.bytes": str(BROKER_LIMIT)}
    yield Wanted(topic.name, topic.partitions, compacted if topic.compacted else kept)
    for tier in topic.tiers:
        yield Wanted(tier, min(TIER_PARTITIONS, topic.partitions), kept)
    if topic.retries:
        dead = {"retention.ms": str(DEAD_LETTER_DAYS * DAY_MS), "max.message.bytes": str(2 * BROKER_LIMIT)}
        yield Wanted(topic.dead_letters, 1, dead)


async def apply(settings: KafkaSettings, topics: Iterable[Topic] = TOPICS, *, dry_run: bool = False) -> Applied:
    """Create what is missing and set what differs. Partition counts are never changed: that would break key order.

    With `dry_run` nothing is done, only told.

    Raises:
        KafkaError: The broker doesn't answer or refuses.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        present = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
        all_wanted = wanted(settings.replication, topics)
        missing = [one for one in all_wanted if one.name not in present]
        kept = [one for one in all_wanted if one.name in present]
        if not dry_run:
            await _create(admin, missing, settings.replication)
            await _configure(admin, kept)
    finally:
        await admin.close()
    if not dry_run:
        await _make_transactions_topic(settings)
    differs = tuple(
        f"{one.name}: {present[one.name]} partitions instead of {one.partitions}"
        for one in kept
        if present[one.name] != one.partitions
    )
    return Applied(tuple(one.name for one in missing), tuple(one.name for one in kept), differs)


async def _create(admin: AIOKafkaAdminClient, topics: list[Wanted], replication: int) -> None:
    if not topics:
        return
    safe = {"min.insync.replicas": str(max(1, replication - 1))}
    new = [NewTopic(one.name, one.partitions, replication, topic_configs=one.configuration | safe) for one in topics]
    answer = await admin.create_topics(new, timeout_ms=30_000)
    for name, code, *message in answer.topic_errors:
        if code:
            raise KafkaError(f"{name} was not created: {for_code(code).__name__} {message}")


async def _make_transactions_topic(settings: KafkaSettings) -> None:
    """Kafka makes its own topic for transactions when first asked about one, and takes some seconds: begin now."""
    client = AIOKafkaClient(**client_options(settings))
    await client.bootstrap()
    try:
        with suppress(KafkaError):  # it says that it isn't there yet
            await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id("portal"))
    finally:
        await client.close()


async def _configure(admin: AIOKafkaAdminClient, topics: list[Wanted]) -> None:
    if topics:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, one.name, configs=one.configuration) for one in topics]
        )


def apply_now(settings: KafkaSettings, topics: Iterable[Topic] = TOPICS, *, dry_run: bool = False) -> Applied:
    """`apply`, from outside an event loop."""
    return asyncio.run(apply(settings, topics, dry_run=dry_run))
