"""How far behind each stage is, since when, and how many processes work at it; asked of Kafka alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import TOPICS
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings

LOOKS: Final = 20


@dataclass(frozen=True)
class Lag:
    """Messages of one topic that one stage hasn't committed.

    Attributes:
        stage: The consumer group; ``-retries`` behind a stage's name reads its retry tiers.
        topic: Or one of its retry tiers.
        messages: How many there are.
        oldest: When the oldest of them was written; None if there are none.
        processes: How many processes are in the group now.
    """

    stage: str
    topic: str
    messages: int
    oldest: datetime | None
    processes: int


async def measure(settings: KafkaSettings) -> list[Lag]:
    """The lag of every stage that ever committed, for its topic and each of its retry tiers, in pipeline order.

    Raises:
        KafkaError: No broker answers.
    """
    order = {name: at for at, name in enumerate(name for topic in TOPICS for name in (topic.name, *topic.tiers))}
    committed, members = await _groups(settings)
    async with AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest") as consumer:
        found = []
        for group, offsets in committed.items():
            for topic in {partition.topic for partition in offsets} & order.keys():
                mine = {partition: at for partition, at in offsets.items() if partition.topic == topic}
                found.append(await _lag(group, topic, mine, members.get(group, 0), consumer))
        return sorted(found, key=lambda one: (order[one.topic], one.stage))


async def _groups(settings: KafkaSettings) -> tuple[dict[str, dict[TopicPartition, int]], Mapping[str, int]]:
    """Group → what it committed, and group → how many members it has."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        groups = sorted(group for group, *_ in await admin.list_consumer_groups())
        committed = {group: await admin.list_consumer_group_offsets(group) for group in groups}
        # aiokafka reads the answer about several groups wrongly: it takes version 3 for version 2
        described = await asyncio.gather(*(admin.describe_consumer_groups([group]) for group in groups))
    finally:
        await admin.close()
    offsets = {group: {where: at.offset for where, at in theirs.items()} for group, theirs in committed.items()}
    return offsets, {group: _members(answers) for group, answers in zip(groups, described, strict=True)}


def _members(answers: Sequence[Any]) -> int:
    """How many: a group is error code, name, state, protocol type, protocol, members (DescribeGroups, API key 15)."""
    return sum(len(group[5]) for answer in answers for group in answer.groups)


async def _lag(
    group: str, topic: str, committed: dict[TopicPartition, int], processes: int, consumer: AIOKafkaConsumer
) -> Lag:
    ends = await consumer.end_offsets(list(committed))
    behind = {partition: offset for partition, offset in committed.items() if offset < ends[partition]}
    oldest = await _oldest(behind, consumer) if behind else None
    messages = sum(ends[partition] - offset for partition, offset in behind.items())
    return Lag(group, topic, messages, oldest, processes)


async def _oldest(behind: dict[TopicPartition, int], consumer: AIOKafkaConsumer) -> datetime | None:
    consumer.assign(list(behind))
    for partition, offset in behind.items():
        consumer.seek(partition, offset)
    first: dict[TopicPartition, int] = {}
    for _ in range(LOOKS):
        taken = await consumer.getmany(timeout_ms=200, max_records=len(behind) * 10)
        first |= {partition: records[0].timestamp for partition, records in taken.items() if partition not in first}
        if first.keys() >= behind.keys():
            break
    return datetime.fromtimestamp(min(first.values()) / 1000, UTC) if first else None
