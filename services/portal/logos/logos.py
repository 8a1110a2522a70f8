"""Logos by the digest of what is shown. They stay for good: mails that were sent show them."""

import asyncio
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from re import compile as pattern
from typing import Final

from schemas.accounts import Brand
from schemas.keys import LOGOS
from services._runtime.blobs import Blobs
from services._runtime.confined import ConfinedPool, JobFailed
from services._runtime.outcomes import DependencyAway
from services.portal.faxes.pictures import Latest, Runs
from services.portal.logos.redrawing import NoLogo, redraw

MOST_BYTES: Final = 200_000
"""Of the file that comes."""

SECONDS: Final = 10.0
"""To redraw one."""

_KEPT_BYTES: Final = 8 << 20
_ADDRESS: Final = pattern(r"/logos/([0-9a-f]{64})\.png")


def confined() -> AbstractAsyncContextManager[Runs]:
    """A process of its own for one logo: a reseller sends one in years. There is one such process at a time."""
    return ConfinedPool(workers=1, timeout=SECONDS, preload=("services.portal.logos.redrawing",), answers=(NoLogo,))


class Logos:
    """Takes and shows logos.

    Every method raises `DependencyAway` when the object store doesn't answer, or no process can be had.
    """

    def __init__(self, blobs: Blobs, process: Callable[[], AbstractAsyncContextManager[Runs]] = confined) -> None:
        self._blobs = blobs
        self._process = process
        self._latest = Latest(_KEPT_BYTES)
        self._one = asyncio.Semaphore(1)

    async def take(self, data: bytes) -> str:
        """Keep a logo; its digest.

        Raises:
            NoLogo: It is no PNG or JPEG, or too large.
        """
        if len(data) > MOST_BYTES:
            raise NoLogo("bytes")
        try:
            async with self._one, self._process() as process:
                drawn = await process.run(redraw, data)
        except JobFailed as error:
            raise NoLogo(error.reason) from error
        except BrokenProcessPool as error:
            raise DependencyAway("confined-process", "none can be started") from error
        digest = sha256(drawn).hexdigest()
        await self._blobs.put(_key(digest), drawn, "image/png")
        return digest

    async def get(self, digest: str) -> bytes | None:
        """The PNG of a digest."""
        found = self._latest.get(digest) or await self._blobs.get(_key(digest))
        if found is not None:
            self._latest.put(digest, found)
        return found


def _key(digest: str) -> str:
    return f"{LOGOS}{digest}.png"


def path_of(digest: str) -> str:
    """The address of a logo, at any portal host."""
    return f"/logos/{digest}.png"


def digest_of(brand: Brand | None) -> str | None:
    """The logo of a brand, if it is one that we show."""
    if brand is None or brand.logo_url is None:
        return None
    found = _ADDRESS.fullmatch(brand.logo_url.removeprefix(f"https://{brand.portal_host}"))
    return found.group(1) if found else None


def address_of(portal_host: str, digest: str) -> str:
    """Of a logo, for mails."""
    return f"https://{portal_host}{path_of(digest)}"
