"""The stage loop: raw batches from Kafka, settled, published, confirmed, and only then committed.

The one place that builds a subscriber; FastStream carries the batches undecoded (docs/adr/0002).
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NoReturn

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from services._runtime.batch import Batch, due, run_lanes
from services._runtime.broker_security import faststream_security
from services._runtime.metrics import StageMetrics
from services._runtime.publisher import Publishes, PublishUnknown
from services._runtime.records import Partition, Record
from services._runtime.retries import not_before
from services._runtime.settings import KafkaSettings, StageSettings
from services._runtime.settling import Settling
from services._runtime.stage import Stage

log = logging.getLogger(__name__)

RESTART = 75
"""Exit status of a process that must start anew (EX_TEMPFAIL of sysexits.h)."""


def restart(reason: str) -> NoReturn:
    """End this process at once, committing nothing: what it was doing is redelivered."""
    log.critical("restarting", extra={"reason": reason})
    logging.shutdown()
    os._exit(RESTART)


class StageConsumer:
    """Consumes a stage's topic, or its retry tiers (`retries`).

    The two have consumers of their own: aiokafka has one fetch under way for each broker, and while it waits for idle
    tiers, a busy topic would wait with them.

    A batch in which a dependency was away is committed up to the first message it held up; the partitions are paused
    with growing delays, and the held messages themselves are the probe. Nobody pays an attempt for it.
    """

    def __init__(
        self,
        stage: Stage,
        publisher: Publishes,
        metrics: StageMetrics,
        *,
        retries: bool = False,
        on_unknown: Callable[[str], None] = restart,
    ) -> None:
        self.stage = stage
        self.away: str | None = None
        self.busy_since: float | None = None
        self._publisher = publisher
        self._metrics = metrics
        self._settle = Settling(stage, metrics)
        self._retries = retries
        self._topics = tuple(stage.topic.tiers) if retries else (stage.topic.name,)
        self._group = f"{stage.name}-retries" if retries else stage.name
        self._fetch_wait_ms = 500 if retries else 50
        self._on_unknown = on_unknown
        self._backoff = 0.0
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None

    async def start(self, kafka: KafkaSettings, settings: StageSettings) -> None:
        """Join the group and begin.

        Raises:
            KafkaError: No broker answers.
        """
        self.stage.check(settings.max_poll_seconds)
        broker = KafkaBroker(
            kafka.bootstrap.split(","),
            security=faststream_security(kafka),
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=settings.max_poll_seconds / 2,
            client_id=self.stage.name,
            logger=logging.getLogger(f"{__name__}.faststream"),
        )
        self._subscriber = broker.subscriber(
            *self._topics,
            group_id=self._group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            batch=True,
            max_records=self.stage.batch,
            batch_timeout_ms=50,
            fetch_max_wait_ms=self._fetch_wait_ms,
            max_poll_interval_ms=int(settings.max_poll_seconds * 1000),
            session_timeout_ms=int(settings.session_seconds * 1000),
            heartbeat_interval_ms=int(settings.session_seconds * 300),
            parser=self._undecoded,
            decoder=_records,
        )
        self._subscriber(self._on_message)
        try:
            await broker.start()
        except BaseException:
            await broker.stop()
            raise
        self._broker = broker

    async def stop(self) -> None:
        """Finish the batch at hand, commit it, and leave the group."""
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """Aiokafka's consumer, once started."""
        return self._subscriber.consumer if self._subscriber is not None else None

    @property
    def loop_died(self) -> bool:
        """Whether the task that consumes has ended while it should run."""
        return self._broker is not None and any(task.done() for task in self._subscriber.tasks)

    async def _undecoded(self, message: Sequence[Record], _original: Any = None) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=b"",
            raw_message=tuple(message),
            message_id=str(message[0].offset),
            correlation_id="",
            consumer=self._subscriber.consumer,
        )

    async def _on_message(self, records: list[Any]) -> None:
        self.busy_since = time.monotonic()
        try:
            await self.handle(records, self._subscriber.consumer)
        except PublishUnknown as unknown:
            self._on_unknown(f"a publish was not confirmed: {unknown}")
        except Exception as error:  # FastStream would log it and let the next commit pass over this batch
            log.exception("the stage loop failed")
            self._on_unknown(f"{type(error).__name__} in the stage loop")
        finally:
            self.busy_since = None

    async def handle(self, records: Sequence[Record], consumer: AIOKafkaConsumer) -> None:
        """Settle one batch, publish, and commit as far as every earlier record is settled.

        Raises:
            PublishUnknown: A confirmation is missing; nothing was committed.
        """
        self._metrics.oldest(time.time() - min(record.timestamp for record in records) / 1000)
        batch = Batch(records)
        ready = due(records, time.time()) if self._retries else records
        caused = await run_lanes(batch, ready, self._settle, self.stage.concurrency)
        await self._publisher.publish(list(chain.from_iterable(caused)))
        commits, held = batch.progress()
        await self._commit(commits, consumer)
        self._hold(held, batch, consumer)
        self._measure_lag(records, consumer)

    async def _commit(self, offsets: dict[Partition, int], consumer: AIOKafkaConsumer) -> None:
        if not offsets:
            return
        try:
            await consumer.commit({TopicPartition(*partition): offset for partition, offset in offsets.items()})
        except KafkaError as error:  # the partitions were taken away: their new owner handles these again
            self._metrics.commit_lost()
            log.warning("commit lost", extra={"reason": type(error).__name__})

    def _hold(self, held: dict[Partition, Record], batch: Batch, consumer: AIOKafkaConsumer) -> None:
        assigned = consumer.assignment()
        for partition, record in held.items():
            if TopicPartition(*partition) in assigned:
                consumer.seek(TopicPartition(*partition), record.offset)
                self._pause([TopicPartition(*partition)], not_before(record) - time.time(), consumer)
        self._note_away(batch)
        if batch.away is not None:
            self._backoff = min(max(self._backoff * 2, 0.5), 15.0)
            self._pause(assigned, self._backoff, consumer)

    def _note_away(self, batch: Batch) -> None:
        away = batch.away.dependency if batch.away else None
        if away != self.away:
            why = {"reason": str(batch.away)} if batch.away else {}
            log.warning("paused" if away else "resumed", extra={"dependency": away or self.away, **why})
        if away is None and batch.settled:
            self._backoff = 0.0
        self.away = away
        self._metrics.paused(away=away is not None)

    def _pause(self, partitions: Iterable[TopicPartition], seconds: float, consumer: AIOKafkaConsumer) -> None:
        if seconds > 0:
            paused = set(partitions)
            consumer.pause(*paused)
            asyncio.get_running_loop().call_later(seconds, _resume, paused, consumer)

    def _measure_lag(self, records: Sequence[Record], consumer: AIOKafkaConsumer) -> None:
        last = {(record.topic, record.partition): record.offset for record in records}
        for (topic, partition), offset in last.items():
            if TopicPartition(topic, partition) in consumer.assignment():
                end = consumer.highwater(TopicPartition(topic, partition)) or 0
                self._metrics.lag(topic, partition, max(0, end - offset - 1))


def _resume(partitions: set[TopicPartition], consumer: AIOKafkaConsumer) -> None:
    assigned = partitions & consumer.assignment()
    if assigned:
        consumer.resume(*assigned)


async def _records(message: Any, _original: Any = None) -> list[Any]:
    return list(message.raw_message)
