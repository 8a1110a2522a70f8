"""The stage runtime's cost of a message, next to the same loop by hand on aiokafka: consume, validate, publish, commit.

The clock runs from the first message in hand to the last one committed; joining the group is not counted.
Needs a cluster; `python -m tests.bench runtime` starts one.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from prometheus_client import CollectorRegistry

from schemas.envelope import encode
from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from schemas.topics import FAX_STATUS, Topic
from services._runtime import topic_admin
from services._runtime.consumer import StageConsumer
from services._runtime.kafka import client_options
from services._runtime.metrics import Metrics, StageMetrics
from services._runtime.outcomes import Done, Outcome
from services._runtime.publisher import Message, Publisher, message_of
from services._runtime.settings import KafkaSettings, StageSettings
from services._runtime.stage import Stage

MESSAGES = 4000
ROUNDS = 5
BATCH = 500
BOUND = 1.25


def measurements() -> Iterator[dict[str, object]]:
    """Median microseconds a message of both loops, taken in turn on topics of their own."""
    gc.collect()
    gc.freeze()  # as each stage's process does; both loops run with it
    ours, by_hand = [], []
    for number in range(ROUNDS + 1):  # the first round warms both
        one, other = asyncio.run(_round(number))
        ours.append(one)
        by_hand.append(other)
    ratio = median(ours[1:]) / median(by_hand[1:])
    yield {
        "name": "stage runtime, per message",
        "value": round(median(ours[1:]), 1),
        "unit": "µs",
        "reference": "the same loop by hand on aiokafka",
        "reference_value": round(median(by_hand[1:]), 1),
        "ratio": round(ratio, 3),
        "bound": BOUND,
        "ok": ratio <= BOUND,
    }


async def _round(number: int) -> tuple[float, float]:
    settings = KafkaSettings()
    topics = [Topic(f"bench-{uuid4()}", "fax_id", (FaxExpired,), ("bench",), ("bench",), partitions=1) for _ in "ab"]
    await topic_admin.apply(settings, topics)
    for topic in topics:
        await _fill(settings, topic)
    ways = [_ours(settings, topics[0]), _by_hand(settings, topics[1])]
    if number % 2:
        second, first = await ways[1], await ways[0]
    else:
        first, second = await ways[0], await ways[1]
    return first / MESSAGES * 1e6, second / MESSAGES * 1e6


async def _fill(settings: KafkaSettings, topic: Topic) -> None:
    publisher = Publisher(settings, source="bench", confirm_seconds=60)
    await publisher.start()
    now = datetime.now(UTC)
    events = [FaxExpired(fax_id=uuid4(), accepted_at=now, expired_at=now, objects=1, size=1) for _ in range(MESSAGES)]
    messages = []
    for event in events:
        value, headers = encode(event, source="bench", at=now)
        messages.append(Message(topic.name, str(event.fax_id).encode(), value, tuple(headers)))
    await publisher.publish(messages)
    await publisher.stop()


def _caused(event: FaxExpired) -> FaxStatusChanged:
    return FaxStatusChanged(
        fax_id=event.fax_id,
        version=1,
        state="expired",
        stage="retention",
        at=event.expired_at,
        direction="received",
        accepted_at=event.accepted_at,
    )


async def _ours(settings: KafkaSettings, topic: Topic) -> float:
    done = asyncio.Event()
    seen = 0
    started = 0.0

    async def handle(event: FaxExpired) -> Outcome:
        nonlocal started
        started = started or time.perf_counter()
        return Done((_caused(event),))

    class Counting(Publisher):
        async def publish(self, messages: object) -> None:
            nonlocal seen
            await super().publish(messages)  # type: ignore[arg-type]
            seen += len(messages)  # type: ignore[arg-type]
            if seen >= MESSAGES:
                done.set()

    publisher = Counting(settings, source="bench", confirm_seconds=60)
    await publisher.start()
    stage = Stage(f"bench-{uuid4()}", topic, handle, timeout=1.0, concurrency=32, batch=BATCH)
    consumer = StageConsumer(stage, publisher, StageMetrics("bench", Metrics(CollectorRegistry())))
    await consumer.start(settings, StageSettings())
    await done.wait()
    elapsed = time.perf_counter() - started
    await consumer.stop()
    await publisher.stop()
    return elapsed


async def _by_hand(settings: KafkaSettings, topic: Topic) -> float:
    producer = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=True)
    await producer.start()
    started = 0.0
    consumer = AIOKafkaConsumer(
        topic.name,
        **client_options(settings),
        group_id=f"bench-{uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    seen = 0
    while seen < MESSAGES:
        taken = await consumer.getmany(timeout_ms=50, max_records=BATCH)
        if not taken:
            continue
        sent = []
        started = started or time.perf_counter()
        for record in (record for records in taken.values() for record in records):
            event = FaxExpired.model_validate_json(record.value)
            message = message_of(_caused(event), source="bench", at=datetime.now(UTC))
            sent.append(await producer.send(FAX_STATUS.name, message.value, message.key, headers=list(message.headers)))
            seen += 1
        await asyncio.gather(*sent)
        await consumer.commit()
    elapsed = time.perf_counter() - started
    await consumer.stop()
    await producer.stop()
    return elapsed
