"""A telephony for fault tests, on the real topics: keeps its promises, and writes down which phone rang when."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer

from schemas.base import Event
from schemas.envelope import decode
from schemas.fax import EmailRequested, FaxStatusChanged
from schemas.telephony import CallReport, DialRequested, TelephonyDialResult
from schemas.topics import DIAL_REQUESTED, EMAIL_REQUESTED, FAX_STATUS, Topic
from services._runtime.kafka import client_options
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings

ENDS = {"delivered", "failed", "cancelled", "outcome-unknown"}
Answer = Callable[[DialRequested], dict[str, Any] | None]


@dataclass
class Switchboard:
    """Places each attempt once, for `seconds`, and tells what `answer` says; None: nothing, ever."""

    publisher: Publisher
    answer: Answer
    seconds: float = 0.2
    rang: Counter[UUID] = field(default_factory=Counter)
    asked: Counter[UUID] = field(default_factory=Counter)
    together: list[str] = field(default_factory=list)
    events: dict[UUID, list[Event]] = field(default_factory=lambda: defaultdict(list))
    _open: Counter[str] = field(default_factory=Counter)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def working(self, kafka: KafkaSettings) -> AsyncIterator["Switchboard"]:
        """Reads from now on what is asked and told."""
        topics = {topic.name: topic for topic in (DIAL_REQUESTED, FAX_STATUS, EMAIL_REQUESTED)}
        consumer = AIOKafkaConsumer(*topics, **client_options(kafka), auto_offset_reset="latest")
        await consumer.start()
        for partition in consumer.assignment():
            await consumer.position(partition)  # fixes where "from now on" begins
        reading = asyncio.create_task(self._read(consumer, topics))
        try:
            yield self
        finally:
            reading.cancel()
            await asyncio.gather(reading, *self._calls, return_exceptions=True)
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer, topics: dict[str, Topic]) -> None:
        async for record in consumer:
            event = decode(topics[record.topic], record.headers, record.value)
            if isinstance(event, DialRequested):
                self.asked[event.attempt_id] += 1
                if self.asked[event.attempt_id] == 1:
                    call = asyncio.create_task(self._call(event))
                    self._calls.add(call)
                    call.add_done_callback(self._calls.discard)
            elif isinstance(event, FaxStatusChanged | EmailRequested) and event not in self.events[event.fax_id]:
                self.events[event.fax_id].append(event)

    async def _call(self, request: DialRequested) -> None:
        if datetime.now(UTC) > request.not_after:
            await self._tell(request, "not-started", {})
            return
        self.rang[request.attempt_id] += 1
        self._open[request.destination] += 1
        if self._open[request.destination] > 1:
            self.together.append(request.destination)
        await asyncio.sleep(self.seconds)
        self._open[request.destination] -= 1
        report = self.answer(request)
        if report is not None:
            await self._tell(request, "ended", report)

    async def _tell(self, request: DialRequested, outcome: Any, report: dict[str, Any]) -> None:
        result = TelephonyDialResult(
            fax_id=request.fax_id,
            attempt_id=request.attempt_id,
            outcome=outcome,
            ended_at=datetime.now(UTC),
            call=CallReport.model_validate(report),
        )
        await self.publisher.publish_events([result, result])  # always twice: a repeat must not matter

    def ends(self, fax_id: UUID) -> list[str]:
        """The final states that were told of a fax."""
        told = [one for one in self.events[fax_id] if isinstance(one, FaxStatusChanged)]
        return [one.state for one in told if one.state in ENDS and one.stage == "dialer"]

    def receipts(self, fax_id: UUID) -> list[EmailRequested]:
        return [one for one in self.events[fax_id] if isinstance(one, EmailRequested)]
