"""Hand-written fakes on the small protocols of the runtime."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import PublishUnknown


class MemoryBlobs:
    """`Blobs` in a dict. `away` makes every method raise as the real store does when it doesn't answer."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects: dict[str, bytes] = dict(objects or {})
        self.media_types: dict[str, str] = {}
        self.away = False

    async def get(self, key: str) -> bytes | None:
        self._answer()
        return self.objects.get(key)

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        self._answer()
        self.objects[key], self.media_types[key] = bytes(data), media_type

    async def create(self, key: str, data: bytes, media_type: str) -> bool:
        self._answer()
        if key in self.objects:
            return False
        await self.put(key, data, media_type)
        return True

    async def delete(self, key: str) -> None:
        self._answer()
        self.objects.pop(key, None)

    async def folders(self, prefix: str) -> Sequence[str]:
        below = {key.removeprefix(prefix).partition("/") for key in await self.keys(prefix)}
        return sorted({f"{prefix}{name}/" for name, slash, _ in below if slash})

    async def keys(self, prefix: str) -> Sequence[str]:
        self._answer()
        return sorted(key for key in self.objects if key.startswith(prefix))

    async def sizes(self, prefix: str) -> Mapping[str, int]:
        return {key: len(self.objects[key]) for key in await self.keys(prefix)}

    def _answer(self) -> None:
        if self.away:
            raise DependencyAway("object-store", "switched off in a test")


@dataclass
class Linked:
    """`Link` that answers unless it is `away`."""

    away: bool = False

    async def reached(self) -> None:
        if self.away:
            raise PublishUnknown("switched off in a test")

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[None]:
        await self.reached()
        yield
