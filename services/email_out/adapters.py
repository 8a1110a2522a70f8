"""The mail server behind `Mailer`: one message, one recipient, one transaction, one hard timeout."""

import asyncio
from dataclasses import dataclass

from services._runtime.outcomes import DependencyAway
from services.email_out.connections import MAIL_SERVER, Connection, Connections
from services.email_out.mailer import Answer, Deferred, Mail, Sent, Unknown
from services.email_out.replies import NotServed
from services.email_out.settings import MailSettings
from services.email_out.transaction import ConnectionLost, Transaction

CLOSING = 421
"""The server closes the connection (RFC 5321, 3.8): on a kept one, because it was idle for too long."""


@dataclass
class _Attempt:
    """What a deadline must know of the attempt it ended."""

    transaction: Transaction | None = None

    @property
    def dotted(self) -> bool:
        return self.transaction is not None and self.transaction.dotted


class SmtpMailer:
    """`Mailer` on a relay, over at most `settings.connections` connections."""

    def __init__(self, settings: MailSettings, connections: Connections | None = None) -> None:
        self._settings = settings
        self._connections = connections or Connections(settings)
        self._slots = asyncio.Semaphore(settings.connections)

    async def send(self, mail: Mail) -> Answer:
        """See `Mailer`. It takes `timeout_seconds` at most, and `connect_seconds` to find out whose fault it was."""
        deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            return Deferred(0, "every connection to the mail server was busy")
        try:
            return await self._by(deadline, mail)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()

    async def _by(self, deadline: float, mail: Mail) -> Answer:
        attempt = _Attempt()
        try:
            async with asyncio.timeout_at(deadline):
                return await self._attempt(mail, attempt)
        except ConnectionLost:
            return await self._relay_or_message("the mail server closed the connection")
        except TimeoutError:
            return Unknown() if attempt.dotted else await self._relay_or_message("the mail server was silent")
        except NotServed as error:
            raise DependencyAway(MAIL_SERVER, str(error)) from error

    async def _attempt(self, mail: Mail, attempt: _Attempt) -> Answer:
        """A kept connection may have died while idle: before the server said yes to MAIL, a new one is tried."""
        connection = await self._connections.take()
        if connection.fresh:
            return await self._over(connection, mail, attempt)
        try:
            answer = await self._over(connection, mail, attempt)
        except ConnectionLost:
            if attempt.transaction is None or attempt.transaction.begun:
                raise
        else:
            if not isinstance(answer, Deferred) or answer.code != CLOSING:
                return answer
        return await self._over(await self._connections.open(), mail, attempt)

    async def _over(self, connection: Connection, mail: Mail, attempt: _Attempt) -> Answer:
        transaction = attempt.transaction = Transaction(connection.client, mail)
        try:
            answer = await transaction.run()
        except BaseException:
            connection.client.close()  # in the middle of something: nobody else may use it
            raise
        connection.mails += 1
        if transaction.reusable:
            self._connections.keep(connection, clean=isinstance(answer, Sent) or not transaction.begun)
        else:
            connection.client.close()
        return answer

    async def _relay_or_message(self, what: str) -> Deferred:
        """Ask the relay. If it doesn't open, it is away; if it does, the trouble is with this message alone.

        Without the question, one message that makes a server hang up would stop the stage for everybody.
        """
        connection = await self._connections.open()
        self._connections.keep(connection, clean=True)
        return Deferred(0, what)
