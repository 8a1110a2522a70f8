"""The object store, as the stages use it. On the hot path obstore: a fifth of boto3's CPU (docs/adr/0004)."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from services._runtime.access import refusals
from services._runtime.outcomes import DependencyAway
from services._runtime.settings import StoreSettings

T = TypeVar("T")

MISSING = (NotFoundError, FileNotFoundError)
"""What obstore raises when there is no such object: 0.12 the latter, which is an OSError like a lost connection."""

LISTING_SECONDS = 300.0
"""For a listing of folders: a page of 1,000 is a request, and a busy day of faxes is hundreds."""


class Blobs(Protocol):
    """Objects by key. Every method raises `DependencyAway` when the store doesn't answer."""

    async def get(self, key: str) -> bytes | None:
        """The object's bytes, or None if there is none."""

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Write, or overwrite, an object."""

    async def create(self, key: str, data: bytes, media_type: str) -> bool:
        """Write an object unless one is there (If-None-Match: *); False if one was."""

    async def delete(self, key: str) -> None:
        """Delete an object; it needn't be there. Where the store keeps versions, older ones stay."""

    async def keys(self, prefix: str) -> Sequence[str]:
        """All keys below a prefix that ends in ``/``, sorted."""

    async def sizes(self, prefix: str) -> Mapping[str, int]:
        """Each key below a prefix that ends in ``/``, and its object's bytes; who lists needn't be able to read."""

    async def folders(self, prefix: str) -> Sequence[str]:
        """The prefixes one ``/`` further down than `prefix`, which ends in ``/`` as they do; sorted."""


async def write_once(blobs: Blobs, key: str, data: bytes, media_type: str) -> bytes | None:
    """Write an object unless one is there; what was there and counts, or None where `data` is the first.

    Where the store doesn't say how the write ended, what is there says it: it may be `data` itself.

    Raises:
        DependencyAway: The store doesn't answer, and nothing is there.
    """
    while True:
        try:
            if await blobs.create(key, data, media_type):
                return None
        except DependencyAway:
            if (there := await blobs.get(key)) is None:
                raise
            return there
        if (there := await blobs.get(key)) is not None:  # None: retention removed it between the two requests
            return there


class ObjectStore:
    """`Blobs` on any S3. A request that fails is repeated within `deadline` seconds by the client."""

    def __init__(self, settings: StoreSettings, *, deadline: float = 10.0) -> None:
        self._deadline = deadline
        self._store = S3Store(
            settings.bucket,
            endpoint=settings.endpoint,
            region=settings.region,
            access_key_id=settings.access_key.get_secret_value(),
            secret_access_key=settings.secret_key.get_secret_value(),
            virtual_hosted_style_request=settings.virtual_hosted,
            client_options={"allow_http": settings.endpoint.startswith("http://"), "timeout": "8s"},
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=deadline),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )

    async def get(self, key: str) -> bytes | None:
        """See `Blobs`."""
        try:
            return bytes(await self._answer("read", key, self._read(key)))
        except MISSING:
            return None

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """See `Blobs`."""
        writing = obstore.put_async(self._store, key, data, attributes={"Content-Type": media_type})
        await self._answer("write", key, writing)

    async def create(self, key: str, data: bytes, media_type: str) -> bool:
        """See `Blobs`."""
        writing = obstore.put_async(self._store, key, data, attributes={"Content-Type": media_type}, mode="create")
        try:
            await self._answer("write", key, writing)
        except AlreadyExistsError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """See `Blobs`."""
        try:
            await self._answer("delete", key, obstore.delete_async(self._store, key))
        except MISSING:
            return

    async def keys(self, prefix: str) -> Sequence[str]:
        """See `Blobs`."""
        return sorted(await self.sizes(prefix))

    async def sizes(self, prefix: str) -> Mapping[str, int]:
        """See `Blobs`."""
        found = await self._answer("list", prefix, obstore.list(self._store, prefix.rstrip("/")).collect_async())
        return {one["path"]: one["size"] for one in found}

    async def folders(self, prefix: str) -> Sequence[str]:
        """See `Blobs`."""
        listing = obstore.list_with_delimiter_async(self._store, prefix.rstrip("/"))
        found = await self._answer("list", prefix, listing, LISTING_SECONDS)
        return sorted(f"{one}/" for one in found["common_prefixes"])

    async def _read(self, key: str) -> bytes:
        return bytes(await (await obstore.get_async(self._store, key)).bytes_async())

    async def _answer(self, doing: str, key: str, request: Awaitable[T], seconds: float | None = None) -> T:
        try:
            async with asyncio.timeout(seconds or self._deadline):
                return await request
        except (*MISSING, AlreadyExistsError):
            raise
        except (BaseError, TimeoutError, OSError) as error:
            if refusals.is_refusal(error):
                refusals.note(doing, key)
                raise DependencyAway("object-store", f"it refuses to {doing}") from error
            raise DependencyAway("object-store", type(error).__name__) from error
