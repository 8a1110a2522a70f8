"""Fetching a switch's file over HTTP, in bounds, and from nowhere else than its settings allow.

The host's name is looked up once. Every address it has must be permitted, and the connection goes to one of those: an
answer that changes between the look and the connection (DNS rebinding) changes nothing.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import httpx

from services.ingest.documents.limits import MAX_BYTES
from services.ingest.telephony.addresses import Address, Network, permitted
from services.ingest.telephony.problems import Refused
from services.ingest.telephony.targets import Target, target_of

CONNECT_SECONDS: Final = 5.0
LATER: Final = frozenset({408, 425, 429})
"""Statuses below 500 after which the same request may succeed (RFC 9110, RFC 8470, RFC 6585)."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → the addresses the name has."""

log = logging.getLogger(__name__)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver.

    Raises:
        OSError: The name has no address, or nobody knows.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class Fetching:
    """Fetches files.

    Attributes:
        hosts: Where from: see `TelephonySettings.url_hosts`.
        without_tls: Those that may be asked by http.
        networks: Private networks that are permitted.
        seconds: For one file, from the look-up to the last octet.
        ca_file: Certificates that it signed are good, beside those of the world's authorities.
        resolve: Looks a name up.
        transport: In place of the network.
    """

    hosts: Sequence[str]
    without_tls: Sequence[str]
    networks: Sequence[Network]
    seconds: float
    ca_file: Path | None = None
    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    async def fetch(self, url: str) -> bytes:
        """The file behind `url`.

        Raises:
            Refused: It isn't fetched from there, isn't there, is too large, or can't be had at the moment.
        """
        target = target_of(url, self.hosts, self.without_tls)
        try:
            async with asyncio.timeout(self.seconds):
                return await self._get(target, await self._address(target))
        except (TimeoutError, OSError, httpx.HTTPError) as error:
            log.warning("not fetched", extra={"reason": type(error).__name__})
            raise Refused("url-unreachable") from error

    async def _address(self, target: Target) -> Address:
        found = [ip_address(one.partition("%")[0]) for one in await self.resolve(target.host.strip("[]"), target.port)]
        if not found or not all(permitted(one, self.networks) for one in found):
            raise Refused("url-address-not-allowed")
        return found[0]

    async def _get(self, target: Target, address: Address) -> bytes:
        client = httpx.AsyncClient(
            transport=self.transport,
            verify=self._tls(),
            trust_env=False,  # a proxy would look the name up again, and might go anywhere
            follow_redirects=False,
            timeout=httpx.Timeout(self.seconds, connect=CONNECT_SECONDS),
        )
        headers = {"Host": target.name, "Accept": "image/tiff, application/octet-stream", "Accept-Encoding": "identity"}
        where = target.url.copy_with(host=str(address), port=target.port)
        async with (
            client,
            client.stream("GET", where, headers=headers, extensions={"sni_hostname": target.host}) as response,
        ):
            return await _body(response)

    def _tls(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context(trust_env=False)
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context


async def _body(response: httpx.Response) -> bytes:
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in LATER:
        raise Refused("url-unreachable", f"The host answered {status}.")
    if status != HTTPStatus.OK:  # a redirection is followed nowhere
        raise Refused("url-refused", f"The host answered {status}.")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("url-refused", "The host compressed the file although it was asked not to.")
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > MAX_BYTES:
            raise Refused("body-too-large")
    return bytes(data)
