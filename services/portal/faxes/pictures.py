"""Pictures of pages, drawn when somebody looks, in one confined process; the latest are kept in memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures.process import BrokenProcessPool
from typing import Final, ParamSpec, Protocol, TypeVar

from services._runtime.blobs import Blobs
from services._runtime.confined import ConfinedPool, JobFailed
from services._runtime.outcomes import DependencyAway
from services.portal.faxes.drawing import Kind, NoSuchPage, draw

VIEWED: Final = 1728
"""Pixels across of a page to read: as many as the fax has (T.4)."""
SMALL: Final = 216
"""Of a page to choose: an eighth."""

SECONDS: Final = 15.0
"""For one page."""
WAITING: Final = 200
"""Pages that may wait to be drawn; more are refused for the moment."""
_MIB: Final = 1 << 20
PICTURES_BYTES: Final = 48 * _MIB
DOCUMENTS_BYTES: Final = 96 * _MIB
LARGEST: Final = 50 * _MIB
"""Of a document: the most that a fax may have."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Runs(Protocol):
    """Runs a function somewhere; a `ConfinedPool` does."""

    async def run(self, job: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """What `job` gives, or raises; `JobFailed` if it gave nothing."""


def drawing_pool() -> ConfinedPool:
    """The process that draws; it is to be entered."""
    preload = ("services.portal.faxes.drawing",)
    return ConfinedPool(workers=1, timeout=SECONDS, preload=preload, answers=(NoSuchPage,))


class Latest:
    """Bytes by key, the latest used of them, `most` bytes in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._there: OrderedDict[object, bytes] = OrderedDict()

    def get(self, key: object) -> bytes | None:
        """What is kept for `key`."""
        if key in self._there:
            self._there.move_to_end(key)
        return self._there.get(key)

    def put(self, key: object, data: bytes) -> None:
        """Keep it, in place of the longest unused; nothing that is larger than all."""
        self._size -= len(self._there.pop(key, b""))
        if len(data) > self._most:
            return
        self._there[key] = data
        self._size += len(data)
        while self._size > self._most:
            self._size -= len(self._there.popitem(last=False)[1])


class Pictures:
    """Draws pages of documents in the store, each once while it is asked for."""

    def __init__(self, blobs: Blobs, drawing: Runs) -> None:
        self._blobs = blobs
        self._drawing = drawing
        self._documents = Latest(DOCUMENTS_BYTES)
        self._drawn = Latest(PICTURES_BYTES)
        self._under_way: dict[object, asyncio.Task[bytes]] = {}

    async def page(self, key: str, number: int, width: int) -> bytes:
        """A page of the document `key`, a PNG `width` pixels across.

        Raises:
            NoSuchPage: There is no such page, or it can't be drawn.
            DependencyAway: The store doesn't answer, or nothing can be drawn at this moment.
        """
        wanted = (key, number, width)
        there = self._drawn.get(wanted)
        return there if there is not None else await self._once(wanted, lambda: self._draw(key, number, width))

    async def _once(self, wanted: object, make: Callable[[], Coroutine[None, None, bytes]]) -> bytes:
        """What is asked for several times at once is made once; whoever leaves takes it from nobody."""
        task = self._under_way.get(wanted)
        if task is None:
            if len(self._under_way) >= WAITING:
                raise DependencyAway("pictures", "too many wait")
            task = self._under_way[wanted] = asyncio.create_task(make())
            task.add_done_callback(lambda _: self._under_way.pop(wanted, None))
        return await asyncio.shield(task)

    async def _draw(self, key: str, number: int, width: int) -> bytes:
        data = await self._document(key)
        kind: Kind = "pdf" if key.endswith(".pdf") else "tiff"
        try:
            picture = await self._drawing.run(draw, data, kind, number, width)
        except JobFailed as failed:
            raise NoSuchPage(number) from failed
        except BrokenProcessPool as error:
            raise DependencyAway("pictures", "no process to draw in") from error
        self._drawn.put((key, number, width), picture)
        return picture

    async def _document(self, key: str) -> bytes:
        there = self._documents.get(key)
        return there if there is not None else await self._once(key, lambda: self._fetch(key))

    async def _fetch(self, key: str) -> bytes:
        data = await self._blobs.get(key)
        if data is None or len(data) > LARGEST:
            raise NoSuchPage(key)
        self._documents.put(key, data)
        return data
