"""The email gateway, listening."""

import asyncio
import ssl
from collections.abc import Callable
from socket import gethostname

from aiosmtpd.smtp import SMTP

from services.ingest.email_in.connection import RelayConnection
from services.ingest.email_in.gateway import Gateway
from services.ingest.email_in.memory import Memory
from services.ingest.smtp.door import open_door


async def listen(gateway: Gateway, tls: Callable[[], ssl.SSLContext | None]) -> asyncio.Server:
    """Take mails at the settings' host and port; `tls` is asked at each connection.

    Raises:
        OSError: The port is taken.
    """
    settings = gateway.settings
    memory = Memory(settings.memory_bytes)

    def serve(left: Callable[[], None]) -> SMTP:
        return RelayConnection(
            gateway,
            memory,
            left,
            settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.name or gethostname(),
            ident="Native Fax",
            tls_context=tls(),
            require_starttls=settings.require_tls,
            timeout=settings.timeout_seconds,
            authenticator=gateway.authenticate,
        )

    return await open_door(settings, serve, settings.host, settings.port)
