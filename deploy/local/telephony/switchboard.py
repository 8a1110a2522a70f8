"""Places the calls that were asked for, some at once, each attempt at most once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from prometheus_client import Counter

from deploy.local.telephony import ends
from deploy.local.telephony.attempts import Attempts
from deploy.local.telephony.ends import Ended
from deploy.local.telephony.far_ends import Telling, far_end
from deploy.local.telephony.journal import Journal
from deploy.local.telephony.kept import keep
from deploy.local.telephony.t30 import CallFailedError
from schemas.telephony import CallReport, DialRequested, TelephonyDialResult
from services._runtime.blobs import Blobs
from services._runtime.claims import utc_now
from services._runtime.outcomes import DependencyAway

FILE_FAULT = 41
"""T30_ERR_FILEERROR: TIFF/F file cannot be opened (spandsp/t30.h)."""
STORE_AWAY_SECONDS = 1.0
DRAIN_SECONDS = 5.0
AT_ONCE: Telling = Telling()

log = logging.getLogger(__name__)


class Calls(Protocol):
    """Places one call."""

    async def call(self, request: DialRequested, document: bytes, *, number: int, engaged: bool) -> Ended: ...  # noqa: D102


@dataclass
class Switchboard:
    """The calls.

    Attributes:
        pace: How long a call takes of our time, as a part of its line time; 0: as fast as it can.
        lines: Calls at once.
        violations: Counts calls to a destination that was in one.
        results: Is set when there is a result to tell.
    """

    attempts: Attempts
    calls: Calls
    blobs: Blobs
    folder: Path
    journal: Journal
    violations: Counter
    results: asyncio.Event
    lines: int = 4
    pace: float = 0.0
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, request: DialRequested) -> None:
        """Remember a request, whose call and result will follow; the result again, if it was told already.

        Raises:
            DependencyAway: It couldn't be written down.
        """
        if await self.attempts.take(request):
            self._asked.set()
        elif await self.attempts.tell_again(request.attempt_id, self.now()):
            log.warning("told again", extra={"attempt_id": str(request.attempt_id)})
            self.results.set()

    async def settle_interrupted(self) -> None:
        """At the start: the calls that were under way when the last process died are over, and stay so."""
        for request in await self.attempts.interrupted():
            self.journal.interrupted(request)
            await self._end(request, ends.unknown(request, "telephony stopped during the call", self.now()))

    async def run(self) -> None:
        """Place calls until cancelled; calls under way then have a few seconds to end.

        Raises:
            DependencyAway: The attempts can't be read or written: how the calls under way end will not be known.
        """
        under_way: dict[DialRequested, asyncio.Task[None]] = {}
        try:
            while True:
                self._asked.clear()
                await self._go_on(under_way)
                await self._asked.wait()
        finally:
            await _drain(under_way.values())

    async def _go_on(self, under_way: dict[DialRequested, asyncio.Task[None]]) -> None:
        for request in [request for request, task in under_way.items() if task.done()]:
            under_way.pop(request).result()
        for request in await self.attempts.waiting():
            if len(under_way) < self.lines and request not in under_way:
                under_way[request] = asyncio.create_task(self._handle(request))

    async def _handle(self, request: DialRequested) -> None:
        try:
            if (document := await self._document(request)) is not None:
                await self._call(request, document)
        finally:
            self._asked.set()  # a line is free

    async def _document(self, request: DialRequested) -> bytes | None:
        """The pages; None if the attempt ended without them."""
        while self.now() <= request.not_after:
            try:
                document = await self.blobs.get(request.document.key)
            except DependencyAway as away:
                log.warning("the call waits", extra={"dependency": away.dependency})
                await self.sleep(STORE_AWAY_SECONDS)
                continue
            if document is None:
                await self._end(request, self._no_file(request))
            return document
        await self._too_late(request)
        return None

    async def _too_late(self, request: DialRequested) -> None:
        await self._end(request, ends.not_started(request, "not_after has passed", self.now()))

    def _no_file(self, request: DialRequested) -> TelephonyDialResult:
        report = CallReport(
            result_code=FILE_FAULT, result_text="TIFF/F file cannot be opened", pages_transferred=0, seconds=0.0
        )
        return ends.result(request, Ended(report, 0.0), self.now())

    async def _call(self, request: DialRequested, document: bytes) -> None:
        async with self._starting:  # one after the other, so that the oldest request is the first call
            if self.now() > request.not_after:  # its pages took their time
                await self._too_late(request)
                return
            number = await self.attempts.start(request)
        at_once = self.journal.began(request)
        if at_once > 1:
            self.violations.inc()
            log.error("two calls to one destination at once", extra={"attempt_id": str(request.attempt_id)})
        try:
            ended = await self.calls.call(request, document, number=number, engaged=at_once > 1)
        except (CallFailedError, ValueError) as error:
            log.exception("the call failed", extra={"attempt_id": str(request.attempt_id)})
            self.journal.ended(request, failed=type(error).__name__)
            await self._end(request, ends.unknown(request, "the call's process failed", self.now()))
            return
        await self.sleep(ended.line_seconds * self.pace)
        result = ends.result(request, ended, self.now())
        await asyncio.to_thread(keep, self.folder, request, ended, result)
        self.journal.ended(request, line_seconds=ended.line_seconds, result_code=ended.report.result_code)
        await self._end(request, result, far_end(request.destination).telling)

    async def _end(self, request: DialRequested, result: TelephonyDialResult, telling: Telling = AT_ONCE) -> None:
        await self.attempts.end(result, telling, self.now())
        self.results.set()
        log.info("ended", extra={"attempt_id": str(request.attempt_id), "outcome": result.outcome})


async def _drain(calls: Iterable[asyncio.Task[None]]) -> None:
    """Wait for calls to end, then break them off: what becomes of those is told at the next start."""
    waiting = set(calls)
    if waiting:
        _, waiting = await asyncio.wait(waiting, timeout=DRAIN_SECONDS)
    for call in waiting:
        call.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
