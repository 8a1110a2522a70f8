"""`nativefax lag`: how far behind each stage is, and since when."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from rich.table import Table

from schemas.topics import TOPICS
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console


@dataclass(frozen=True)
class Lag:
    """Messages of one topic that one stage hasn't committed."""

    stage: str
    topic: str
    messages: int
    oldest: datetime | None


def lag() -> None:
    """Show how many messages each stage has before it, and how old the oldest is."""
    adopt(ROOT)
    table = Table("Stage", "Topic", "Messages", "Oldest", box=None)
    for one in asyncio.run(measure(KafkaSettings())):
        age = "" if one.oldest is None else f"{(datetime.now(UTC) - one.oldest).total_seconds():,.0f} s"
        table.add_row(one.stage, one.topic, f"{one.messages:,}", age)
    console().print(table)


async def measure(settings: KafkaSettings) -> list[Lag]:
    """The lag of every stage that ever committed, for its topic and each of its retry tiers.

    Raises:
        KafkaError: No broker answers.
    """
    order = [name for topic in TOPICS for name in (topic.name, *topic.tiers)]
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        groups = sorted(group for group, _ in await admin.list_consumer_groups())
        committed = {group: await admin.list_consumer_group_offsets(group) for group in groups}
    finally:
        await admin.close()
    async with AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest") as consumer:
        found = []
        for group, offsets in committed.items():
            for topic in sorted({partition.topic for partition in offsets} & set(order), key=order.index):
                mine = {partition: at.offset for partition, at in offsets.items() if partition.topic == topic}
                found.append(await _lag(group, topic, mine, consumer))
        return found


async def _lag(group: str, topic: str, committed: dict[TopicPartition, int], consumer: AIOKafkaConsumer) -> Lag:
    ends = await consumer.end_offsets(list(committed))
    behind = {partition: offset for partition, offset in committed.items() if offset < ends[partition]}
    oldest = await _oldest(behind, consumer) if behind else None
    return Lag(group, topic, sum(ends[partition] - offset for partition, offset in behind.items()), oldest)


async def _oldest(behind: dict[TopicPartition, int], consumer: AIOKafkaConsumer) -> datetime | None:
    consumer.assign(list(behind))
    for partition, offset in behind.items():
        consumer.seek(partition, offset)
    first: dict[TopicPartition, int] = {}
    for _ in range(20):
        taken = await consumer.getmany(timeout_ms=200, max_records=len(behind) * 10)
        first |= {partition: records[0].timestamp for partition, records in taken.items() if partition not in first}
        if first.keys() >= behind.keys():
            break
    return datetime.fromtimestamp(min(first.values()) / 1000, UTC) if first else None
