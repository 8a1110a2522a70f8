"""From a step on the topic to the people who have a page open.

A step is told once the history has it, so that whoever looks then finds it. The history is another process and may lag
behind; after `PATIENCE` what it has is told.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol
from uuid import UUID

from schemas.base import Event
from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from services._runtime.history import FaxRow
from services._runtime.outcomes import DependencyAway
from services.portal.faxes.access import Viewer
from services.portal.live_faxes.audience import Audience, Listener
from services.portal.live_faxes.holders import Holders
from services.portal.live_faxes.marks import Marks
from services.portal.live_faxes.ring import Ring, Step

PATIENCE: Final = 10.0
"""Seconds for which the history may lag."""

LOOK_SECONDS: Final = 0.1
AWAY_SECONDS: Final = 2.0
AT_ONCE: Final = 50
"""Faxes looked up in one round."""

WAITING: Final = 2000
"""Faxes for which the history may be waited; with more, everybody is told to look anew."""

MISSED: Final = 200
"""Faxes that are told to a browser that comes back; with more it looks anew."""

log = logging.getLogger(__name__)


class Rows(Protocol):
    """The part of the history that is asked."""

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        """How one fax stands; raises `DependencyAway`."""


@dataclass(slots=True)
class Awaited:
    """A step that the history may not have yet; `first` is the oldest of its fax that was not told."""

    first: int
    step: Step
    since: float


class FaxStream:
    """The live part of the portal in this process. `work` must run while somebody listens."""

    def __init__(self, rows: Rows, clock: Callable[[], float] = monotonic) -> None:
        self._rows = rows
        self._clock = clock
        self._ring = Ring()
        self._audience = Audience()
        self._awaited: dict[UUID, Awaited] = {}
        self._something = asyncio.Event()
        self._holders = Holders()
        self._marks = Marks()
        self._closed = False

    def hear(self, event: Event) -> None:
        """Take a step, or that somebody deleted a fax. What leaves for its age was on nobody's screen."""
        if isinstance(event, FaxStatusChanged):
            step = self._ring.add(event.fax_id, event.version, event.at, event.account_id)
            if self._matters(event):
                self._await(step)
        elif isinstance(event, FaxExpired) and event.cause == "deleted-by-user":
            gone = self._ring.add(event.fax_id, 0, event.expired_at, event.account_id, gone=True)
            if len(self._audience):
                self._await(gone)

    @property
    def mark(self) -> str:
        """How far everything has been told; only this process understands it."""
        told = min((one.first for one in self._awaited.values()), default=self._ring.newest + 1) - 1
        return self._marks.of(told)

    @property
    def full(self) -> bool:
        """Whether too many listen already."""
        return self._audience.full

    @contextmanager
    def joined(self, user_id: str, viewer: Viewer) -> Iterator[Listener]:
        """Listen, as somebody.

        Raises:
            Full: Too many listen already.
        """
        listener = Listener(user_id, viewer)
        if self._closed:
            listener.end("closing")
        self._audience.join(listener)
        try:
            yield listener
        finally:
            self._audience.leave(listener)

    def change(self, listener: Listener, viewer: Viewer) -> None:
        """Their sight has changed."""
        self._audience.change(listener, viewer)

    async def resume(self, listener: Listener, mark: str) -> None:
        """Tell what was missed since `mark`; that something was, if it isn't known what.

        Raises:
            DependencyAway: The history doesn't answer.
        """
        number = self._marks.read(mark, self._ring.known)
        missed = self._ring.since(number) if number is not None else None
        newest = {step.fax_id: step for step in reversed(missed or ())}
        if missed is None or len(newest) > MISSED:
            listener.tell_to_look_anew()
            return
        for step in newest.values():
            row = await self._rows.fax(step.fax_id)
            if not _has(row, step):
                self._await(step)
            elif row is None:
                listener.tell_to_look_anew()
            else:
                listener.tell(row)

    def close(self) -> None:
        """The process is about to end: end every stream, and take no more."""
        self._closed = True
        for listener in self._audience:
            listener.end("closing")

    async def work(self) -> None:
        """Tell each awaited step once the history has it, for ever."""
        while True:
            await self._something.wait()
            try:
                for awaited in list(self._awaited.values())[:AT_ONCE]:
                    await self._look(awaited)
            except DependencyAway as away:
                log.warning("live faxes", extra={"dependency": away.dependency})
                await asyncio.sleep(AWAY_SECONDS)
            if self._awaited:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                self._something.clear()

    async def _look(self, awaited: Awaited) -> None:
        step = awaited.step
        row = await self._rows.fax(step.fax_id)
        if self._awaited.get(step.fax_id) is not awaited:
            return  # a newer step came meanwhile, and is looked at in its turn
        del self._awaited[step.fax_id]  # back to the end of the line: one that never comes holds nobody up
        if row is not None:
            self._holders.learn(row)
        if not _has(row, step) and not self._late(awaited):
            self._awaited[step.fax_id] = awaited
        elif row is not None:
            self._audience.tell(row)
        elif step.gone:
            self._audience.tell_to_look_anew(self._holders.keys(step.account_id))

    def _late(self, awaited: Awaited) -> bool:
        return self._clock() - awaited.since > PATIENCE

    def _await(self, step: Step) -> None:
        before = self._awaited.get(step.fax_id)
        if before is None and len(self._awaited) >= WAITING:
            self._awaited.clear()
            for listener in self._audience:
                listener.tell_to_look_anew()
            return
        self._awaited[step.fax_id] = Awaited(before.first if before else step.number, step, self._clock())
        self._something.set()

    def _matters(self, event: FaxStatusChanged) -> bool:
        """Whether anybody listens for whose fax it is; whoever that is, if it isn't known."""
        if not len(self._audience):
            return False
        keys = self._holders.keys(event.account_id, event.domain, event.reseller)
        return not keys or self._audience.is_for_somebody(keys)


def _has(row: FaxRow | None, step: Step) -> bool:
    if row is None or step.gone:
        return row is None and step.gone
    return row.version >= step.version and row.updated_at >= step.at
