"""A world for the dialer: a clock, topics that repeat, a telephony that keeps its promises, and people at numbers."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Event
from schemas.envelope import decode
from schemas.fax import EmailRequested, FaxStatusChanged, FaxToDial
from schemas.telephony import CallReport, DialRequested, TelephonyDialResult
from schemas.topics import TOPICS
from services._runtime.publisher import Message, PublishUnknown
from services.dialer.app import assemble
from services.dialer.settings import DialerSettings
from services.dialer.sweeper import Sweeper
from tests.unit.dialled import NOW

FINAL = {"delivered", "failed", "cancelled", "outcome-unknown"}
TOPIC = {topic.name: topic for topic in TOPICS}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Log:
    """`Publishes` into memory. `lost` confirmations: the message is there, and the publisher can't know."""

    events: list[Event] = field(default_factory=list)
    lost: bool = False

    async def publish(self, messages: Sequence[Message]) -> None:
        for one in messages:
            self.events.append(decode(TOPIC[one.topic], one.headers, one.value))
        if self.lost:
            raise PublishUnknown("lost in a test")

    def of(self, kind: type[Any]) -> list[Any]:
        """Each different event of a kind, in order: a repeat is the same event."""
        return list(dict.fromkeys(one for one in self.events if isinstance(one, kind)))


@dataclass
class Call:
    request: DialRequested
    began: datetime
    delivers: bool | None = None
    """None while it goes on."""

    @property
    def latest_end(self) -> datetime:
        return self.began + timedelta(seconds=self.request.longest_call_seconds)


@dataclass
class Telephony:
    """Remembers attempt ids, refuses repeats, starts nothing after `not_after`, ends calls in time."""

    clock: Clock
    forgiving: bool = False
    rang: Counter[UUID] = field(default_factory=Counter)
    seen: set[UUID] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    results: list[TelephonyDialResult] = field(default_factory=list)

    def take(self, request: DialRequested) -> None:
        if request.attempt_id in self.seen:
            return
        self.seen.add(request.attempt_id)
        if self.clock() > request.not_after:
            self.results.append(_result(request, "not-started", {}))
            return
        assert not self.open(request.destination), "two calls to one destination"
        assert self.forgiving or not self.delivered(request.fax_id), "a fax that was delivered is dialled again"
        assert not self.unfinished(request.fax_id), "a fax is in two calls"
        self.rang[request.attempt_id] += 1
        self.calls.append(Call(request, self.clock()))

    def end(self, call: Call, report: dict[str, Any], *, delivers: bool, told: bool) -> None:
        call.delivers = delivers
        if told:
            self.results.append(_result(call.request, "ended", report))

    def open(self, destination: str) -> list[Call]:
        return [one for one in self.ongoing if one.request.destination == destination]

    def unfinished(self, fax_id: UUID) -> list[Call]:
        return [one for one in self.ongoing if one.request.fax_id == fax_id]

    def delivered(self, fax_id: UUID) -> bool:
        return any(one.delivers for one in self.calls if one.request.fax_id == fax_id)

    @property
    def ongoing(self) -> list[Call]:
        return [one for one in self.calls if one.delivers is None]


def _result(request: DialRequested, outcome: Any, report: dict[str, Any]) -> TelephonyDialResult:
    return TelephonyDialResult(
        fax_id=request.fax_id,
        attempt_id=request.attempt_id,
        outcome=outcome,
        ended_at=NOW,
        call=CallReport.model_validate(report),
    )


@dataclass
class World:
    """Dialers of any number on one database."""

    engine: AsyncEngine
    settings: DialerSettings = field(default_factory=lambda: DialerSettings.model_validate({"database": "sqlite://"}))
    clock: Clock = field(default_factory=Clock)
    log: Log = field(default_factory=Log)
    read: int = 0

    def __post_init__(self) -> None:
        self.telephony = Telephony(self.clock)
        self.sweeper = self.dialer()

    def dialer(self) -> Sweeper:
        """One process's parts."""
        return assemble(self.engine, self.log, self.settings, self.clock)

    async def give(self, *faxes: FaxToDial) -> None:
        for fax in faxes:
            await self.sweeper.dialer.handle(fax)

    async def sweep(self) -> int:
        return await self.sweeper.sweep()

    async def relay(self) -> None:
        """Publish what the outbox has; a lost confirmation leaves it there."""
        try:
            while await self.sweeper.dialer.outbox.drain():
                pass
        except PublishUnknown:
            return

    def telephony_reads(self) -> None:
        for event in self.log.events[self.read :]:
            if isinstance(event, DialRequested):
                self.telephony.take(event)
        self.read = len(self.log.events)

    async def turn(self) -> None:
        """The clock's work, published and taken."""
        await self.sweep()
        await self.relay()
        self.telephony_reads()

    async def hear(self, result: TelephonyDialResult) -> None:
        await self.sweeper.dialer.hear(result)

    def states(self, fax: FaxToDial) -> list[str]:
        return [one.state for one in self.log.of(FaxStatusChanged) if one.fax_id == fax.fax_id]

    def last(self, fax: FaxToDial) -> FaxStatusChanged:
        mine: list[FaxStatusChanged] = [one for one in self.log.of(FaxStatusChanged) if one.fax_id == fax.fax_id]
        return max(mine, key=lambda one: one.version)

    def receipts(self, fax: FaxToDial) -> list[EmailRequested]:
        return [one for one in self.log.of(EmailRequested) if one.fax_id == fax.fax_id]

    def requests(self) -> dict[UUID, set[DialRequested]]:
        found: dict[UUID, set[DialRequested]] = defaultdict(set)
        for one in self.log.of(DialRequested):
            found[one.attempt_id].add(one)
        return found
