"""Who may come in, and how much they may say: the bounds of one connection and of all."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from socket import gethostname
from typing import Any, cast

from aiosmtpd.smtp import SMTP

from services.ingest.bounces.gateway import Gateway
from services.ingest.bounces.settings import BounceSettings

BUSY = b"421 4.3.2 Too many connections, come again\r\n"
COMMANDS = 50
"""Times that each command may be given over one connection."""

REPORTS_AT_ONCE = 20
"""The octets of so many of the largest reports may come over one connection."""


Serve = Callable[[Callable[[], None]], SMTP]
"""Makes the protocol of one connection, which calls its argument when it is over."""


class Door(asyncio.Protocol):
    """Lets a connection in, or tells it to come again (RFC 5321, 3.8); `inside` counts by address of the peer."""

    def __init__(self, settings: BounceSettings, inside: Counter[str], serve: Serve) -> None:
        self._settings = settings
        self._inside = inside
        self._serve = serve

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over to SMTP if there is room."""
        outward = cast("asyncio.Transport", transport)
        peer = str((outward.get_extra_info("peername") or ("unknown",))[0])
        if self._full(peer):
            outward.write(BUSY)
            outward.close()
            return
        self._inside[peer] += 1
        protocol = self._serve(lambda: self._leave(peer))
        outward.set_protocol(protocol)
        protocol.connection_made(outward)

    def _full(self, peer: str) -> bool:
        settings = self._settings
        return self._inside.total() >= settings.connections or self._inside[peer] >= settings.connections_per_peer

    def _leave(self, peer: str) -> None:
        self._inside[peer] -= 1
        self._inside += Counter()  # forgets the addresses of which nobody is inside


class Connection(SMTP):
    """One connection: `left` is called once when it is over."""

    line_length_limit = 65_536
    """Octets in a line. RFC 5321, 4.5.3.1.6 allows 1,000; not every server that writes a report keeps to it."""

    def __init__(self, gateway: Gateway, settings: BounceSettings, left: Callable[[], None], **more: Any) -> None:
        super().__init__(gateway, **more)
        self._octets = REPORTS_AT_ONCE * settings.max_bytes
        self._left: Callable[[], None] | None = left

    def data_received(self, data: bytes) -> None:
        """Hang up on a peer that goes on and on: aiosmtpd would gather a line without an end for ever."""
        self._octets -= len(data)
        if self._octets < 0 and self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()
        else:
            super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Make room."""
        super().connection_lost(error)
        left, self._left = self._left, None
        if left is not None:
            left()


async def listen(gateway: Gateway, settings: BounceSettings) -> asyncio.Server:
    """Take reports at `settings.host`:`settings.port`.

    Raises:
        OSError: The port is taken, or the certificate can't be read.
    """
    inside: Counter[str] = Counter()
    tls: ssl.SSLContext | None = settings.tls()

    def serve(left: Callable[[], None]) -> SMTP:
        return Connection(
            gateway,
            settings,
            left,
            data_size_limit=settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.name or gethostname(),
            ident="Native Fax takes delivery reports",
            tls_context=tls,
            timeout=settings.timeout_seconds,
            command_call_limit=COMMANDS,
        )

    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Door(settings, inside, serve), settings.host, settings.port)
