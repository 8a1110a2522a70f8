"""The server for delivery reports, listening."""

import asyncio
import ssl
from collections.abc import Callable
from socket import gethostname

from aiosmtpd.smtp import SMTP

from services.ingest.bounces.gateway import Gateway
from services.ingest.bounces.settings import BounceSettings
from services.ingest.smtp.door import Connection, open_door

COMMANDS = 50
"""Times that each command may be given over one connection."""

REPORTS_AT_ONCE = 20
"""The octets of so many of the largest reports may come over one connection."""


async def listen(
    gateway: Gateway, settings: BounceSettings, tls: Callable[[], ssl.SSLContext | None]
) -> asyncio.Server:
    """Take reports at `settings.host`:`settings.port`; `tls` is asked at each connection.

    Raises:
        OSError: The port is taken.
    """

    def serve(left: Callable[[], None]) -> SMTP:
        return Connection(
            gateway,
            REPORTS_AT_ONCE * settings.max_bytes,
            left,
            data_size_limit=settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.name or gethostname(),
            ident="Native Fax takes delivery reports",
            tls_context=tls(),
            timeout=settings.timeout_seconds,
            command_call_limit=COMMANDS,
        )

    return await open_door(settings, serve, settings.host, settings.port)
