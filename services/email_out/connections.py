"""Connections to the relay: opened, secured and signed in; kept for the next mail; bounded in number by the caller."""

import ssl
from asyncio import timeout
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from socket import gethostname
from time import monotonic

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services._runtime.outcomes import DependencyAway
from services.email_out.replies import short
from services.email_out.settings import MailSettings

MAIL_SERVER = "mail-server"


@dataclass
class Connection:
    """One open connection, and what makes it grow old (seconds of a monotonic clock)."""

    client: SMTP
    opened: float
    last_used: float
    mails: int = 0
    clean: bool = True

    @property
    def fresh(self) -> bool:
        """No mail went over it yet, so that it fails is the server's doing and not the idle time's."""
        return self.mails == 0

    def close(self) -> None:
        """Say goodbye without waiting for the answer."""
        if self.client.protocol is not None:
            with suppress(SMTPException, ConnectionError):
                self.client.protocol.write(b"QUIT\r\n")
        self.client.close()


@dataclass
class Connections:
    """The idle connections of one process, newest first."""

    settings: MailSettings
    now: Callable[[], float] = monotonic
    _idle: list[Connection] = field(default_factory=list)
    _tls: ssl.SSLContext | None = None

    async def take(self) -> Connection:
        """An idle connection that still works, or a new one.

        Raises:
            DependencyAway: The server can't be reached, secured or signed in to.
        """
        while self._idle:
            connection = self._idle.pop()
            if await self._works(connection):
                return connection
            connection.close()
        return await self.open()

    async def open(self) -> Connection:
        """A new connection.

        Raises:
            DependencyAway: The server can't be reached, secured or signed in to.
        """
        client = self._client()
        try:
            async with timeout(self.settings.connect_seconds):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
        except SMTPResponseException as error:
            client.close()
            raise DependencyAway(MAIL_SERVER, f"{error.code} {short(error.message)}") from error
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise DependencyAway(MAIL_SERVER, f"{type(error).__name__}: {short(str(error))}") from error
        except BaseException:
            client.close()
            raise
        return Connection(client, opened=self.now(), last_used=self.now())

    def keep(self, connection: Connection, *, clean: bool) -> None:
        """Keep it for the next mail, or close it. Unless `clean`, RSET comes before that mail."""
        connection.last_used, connection.clean = self.now(), clean
        if self._young(connection):
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all that are idle."""
        while self._idle:
            self._idle.pop().close()

    async def _works(self, connection: Connection) -> bool:
        if not self._young(connection):
            return False
        idle = self.now() - connection.last_used
        trusted = connection.clean and idle <= self.settings.idle_check_seconds
        return trusted or await self._reset(connection)

    def _young(self, connection: Connection) -> bool:
        age = self.now() - connection.opened
        settings = self.settings
        return (
            connection.client.is_connected
            and age < settings.connection_age_seconds
            and connection.mails < settings.connection_mails
        )

    async def _reset(self, connection: Connection) -> bool:
        try:
            await connection.client.rset(timeout=self.settings.connect_seconds)
        except (SMTPException, OSError):
            return False
        return connection.client.is_connected

    def _client(self) -> SMTP:
        settings = self.settings
        password = settings.password.get_secret_value() if settings.password else None
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=password,
            local_hostname=settings.ehlo_name or gethostname(),
            timeout=None,  # the deadlines are ours: one for the connection, one for the mail
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._context() if settings.security != "none" else None,
        )

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self.settings.ca_file)
        return self._tls
