"""Who may come in, and how much they may say: the bounds of one connection and of all."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP

BUSY = "421 4.3.2 Too many connections, come again"

Serve = Callable[[Callable[[], None]], SMTP]
"""Makes the protocol of one connection, which calls its argument when it is over."""


class Room(Protocol):
    """How many connections there is room for."""

    @property
    def connections(self) -> int:
        """Open at most."""

    @property
    def connections_per_peer(self) -> int:
        """Open at most from one address."""


class Door(asyncio.Protocol):
    """Lets a connection in, or tells it to come again (RFC 5321, 3.8); `inside` counts by address of the peer."""

    def __init__(self, room: Room, inside: Counter[str], serve: Serve) -> None:
        self._room = room
        self._inside = inside
        self._serve = serve

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over to SMTP if there is room."""
        outward = cast("asyncio.Transport", transport)
        peer = str((outward.get_extra_info("peername") or ("unknown",))[0])
        if self._full(peer):
            outward.write(BUSY.encode() + b"\r\n")
            outward.close()
            return
        self._inside[peer] += 1
        protocol = self._serve(lambda: self._leave(peer))
        outward.set_protocol(protocol)
        protocol.connection_made(outward)

    def _full(self, peer: str) -> bool:
        room = self._room
        return self._inside.total() >= room.connections or self._inside[peer] >= room.connections_per_peer

    def _leave(self, peer: str) -> None:
        self._inside[peer] -= 1
        self._inside += Counter()  # forgets the addresses of which nobody is inside


class Connection(SMTP):
    """One connection, over which so many `octets` may come; `left` is called once when it is over."""

    line_length_limit = 65_536
    """Octets in a line. RFC 5321, 4.5.3.1.6 allows 1,000; not every server that writes a mail keeps to it."""

    def __init__(self, handler: Any, octets: int, left: Callable[[], None], **more: Any) -> None:
        super().__init__(handler, **more)
        self._octets = octets
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


async def open_door(room: Room, serve: Serve, host: str, port: int) -> asyncio.Server:
    """Listen.

    Raises:
        OSError: The port is taken.
    """
    inside: Counter[str] = Counter()
    return await asyncio.get_running_loop().create_server(lambda: Door(room, inside, serve), host, port)
