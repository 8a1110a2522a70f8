"""Who listens, and which of them a fax is for."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from schemas.fax import FaxState
from services._runtime.history import FaxRow
from services.portal.faxes.access import Viewer, visible, whose

PER_PERSON: Final = 6
"""Streams of one person, as many as a browser opens over HTTP/1.1; the oldest ends when another begins."""

IN_ALL: Final = 1000
"""Streams of one process."""

BEHIND: Final = 100
"""Faxes that may wait for one browser; with more it is told to look anew."""

Key = tuple[str, str]

Over = Literal["", "closing", "crowded"]
"""Why a stream ends: it doesn't, the process does, or the same person opened too many."""


class Full(Exception):  # noqa: N818 - it says what it is
    """Nobody more can listen to this process. 503."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a fax: enough to know what to look at again, and nothing of who or what."""

    fax_id: UUID
    state: FaxState
    version: int


@dataclass(frozen=True, slots=True)
class News:
    """What there is to say. `anew`: something was missed, look at everything; `over`: why this stream has ended."""

    faxes: tuple[Told, ...] = ()
    anew: bool = False
    over: Over = ""


class Listener:
    """One open stream of one person."""

    def __init__(self, user_id: str, viewer: Viewer) -> None:
        self.user_id = user_id
        self.viewer = viewer
        self._waiting: dict[UUID, Told] = {}
        self._anew = False
        self._over: Over = ""
        self._something = asyncio.Event()

    def tell(self, row: FaxRow) -> None:
        """How a fax stands, if they may see that it is there."""
        if not visible(self.viewer, row).row:
            return
        self._waiting[row.fax_id] = Told(row.fax_id, row.state, row.version)
        if len(self._waiting) > BEHIND:
            self.tell_to_look_anew()
        self._something.set()

    def tell_to_look_anew(self) -> None:
        """Something was missed."""
        self._waiting.clear()
        self._anew = True
        self._something.set()

    def end(self, why: Over) -> None:
        """Say no more."""
        self._over = why
        self._something.set()

    async def news(self, seconds: float) -> News:
        """What there is to say, as soon as there is something; nothing after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return News()
        told = News(tuple(self._waiting.values()), self._anew, self._over)
        self._waiting.clear()
        self._anew = False
        self._something.clear()
        return told


class Audience:
    """Everybody who listens to this process, found by whose a fax is: one step must not ask each of them."""

    def __init__(self) -> None:
        self._by_key: dict[Key, dict[Listener, None]] = defaultdict(dict)
        self._all: dict[Listener, None] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Listener]:
        return iter(tuple(self._all))

    @property
    def full(self) -> bool:
        """Whether nobody more can come in."""
        return len(self._all) >= IN_ALL

    def join(self, listener: Listener) -> None:
        """Take somebody in.

        Raises:
            Full: There are too many.
        """
        theirs = [one for one in self._all if one.user_id == listener.user_id]
        if len(theirs) >= PER_PERSON:
            theirs[0].end("crowded")
            self.leave(theirs[0])
        if self.full:
            raise Full
        self._all[listener] = None
        for key in _keys(listener.viewer):
            self._by_key[key][listener] = None

    def leave(self, listener: Listener) -> None:
        """Let somebody go; nothing happens if they went before."""
        self._all.pop(listener, None)
        for key in _keys(listener.viewer):
            self._by_key[key].pop(listener, None)
            if not self._by_key[key]:
                del self._by_key[key]

    def change(self, listener: Listener, viewer: Viewer) -> None:
        """Somebody's sight has changed: they lost an account, or moved to another domain."""
        if viewer == listener.viewer or listener not in self._all:
            return
        for key in _keys(listener.viewer):
            self._by_key[key].pop(listener, None)
        listener.viewer = viewer
        for key in _keys(viewer):
            self._by_key[key][listener] = None

    def is_for_somebody(self, keys: Iterable[Key]) -> bool:
        """Whether anybody listens for one of these."""
        return any(self._by_key.get(key) for key in keys)

    def tell(self, row: FaxRow) -> None:
        """How a fax stands, to everybody who may see it."""
        found = {one: None for key in keys_of(row.account_id, row.domain, row.reseller) for one in self._near(key)}
        for listener in found:
            listener.tell(row)

    def tell_to_look_anew(self, keys: Iterable[Key]) -> None:
        """Something is gone, to everybody who listens for one of these; to all if there is none."""
        near = [one for key in keys for one in self._near(key)]
        for listener in near or self:
            listener.tell_to_look_anew()

    def _near(self, key: Key) -> Iterable[Listener]:
        return self._by_key.get(key, ())


def keys_of(account_id: str | None, domain: str | None, reseller: str | None) -> Iterator[Key]:
    """Under which a fax is listened for."""
    named = (("account", account_id), ("domain", domain), ("reseller", reseller))
    return ((kind, name) for kind, name in named if name is not None)


def _keys(viewer: Viewer) -> Iterator[Key]:
    asked = whose(viewer)
    if asked is not None:
        yield from (("account", one) for one in asked.accounts)
        yield from keys_of(None, asked.domain, asked.reseller)
