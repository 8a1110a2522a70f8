"""One SMTP transaction, step by step, so that "before the final dot" and "after" are never confused.

aiosmtplib's own `data` raises the same `SMTPServerDisconnected` for a connection lost before the message had left and
for one lost while the server was answering the final dot. The first means that nothing was sent; the second, that
nobody knows (RFC 1047). Here the dot is a step of its own, and the server is listened to from before the first octet:
an answer that comes early (552 in the middle of a large message) is heard instead of lost.
"""

import asyncio
from typing import Any

from aiosmtplib import SMTP, SMTPException, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from services.email_out.headers import mailbox
from services.email_out.mailer import Answer, Mail, Sent, TooLarge, Unknown
from services.email_out.replies import UNWRITABLE_ADDRESS, UTF8_UNSUPPORTED, judge, short, size_limit, succeeded

CHUNK = 256 * 1024
"""Octets handed to the network at a time."""

START_INPUT = 354
FINAL_DOT = b".\r\n"


class ConnectionLost(Exception):  # noqa: N818 - it says what happened
    """The connection broke before the final dot: nothing was sent."""


class Transaction:
    """One message on its way over an open connection.

    Attributes:
        begun: The server said yes to MAIL.
        dotted: The final dot was written. From here until the answer nobody knows; a caller that gives up waiting
            must look.
        reusable: The server waits for a command, so the connection can be kept.
    """

    def __init__(self, client: SMTP, mail: Mail) -> None:
        self._client = client
        self._mail = mail
        self.begun = False
        self.dotted = False
        self.reusable = True

    async def run(self) -> Answer:
        """Carry it out.

        Raises:
            ConnectionLost: Nothing was sent, and the connection is of no more use.
            NotServed: The server refuses us, not the message.
        """
        hopeless = self._hopeless()
        if hopeless is not None:
            return hopeless
        self.reusable = False
        try:
            return await self._envelope() or await self._data()
        except (SMTPException, ConnectionError) as error:
            if self.dotted:
                return Unknown()
            raise ConnectionLost(type(error).__name__) from error

    def _hopeless(self) -> Answer | None:
        limit = size_limit(self._client)
        if limit and len(self._mail.message) > limit:
            return TooLarge(limit)
        if self._beyond_ascii() and not self._client.supports_extension("smtputf8"):
            return UTF8_UNSUPPORTED
        if not (self._mail.recipient + self._mail.sender).isprintable():
            return UNWRITABLE_ADDRESS
        return None

    async def _envelope(self) -> Answer | None:
        mail = await self._client.execute_command(b"MAIL", b"FROM:" + _path(self._mail.sender), *self._options())
        if not succeeded(mail):
            return self._judged(mail)
        self.begun = True
        recipient = await self._client.execute_command(b"RCPT", b"TO:" + _path(self._mail.recipient))
        return None if succeeded(recipient) else self._judged(recipient)

    def _options(self) -> list[bytes]:
        options = [b"SIZE=%d" % len(self._mail.message)] if self._client.supports_extension("size") else []
        if self._client.supports_extension("dsn"):
            options.append(b"RET=HDRS")  # of a mail that comes back, the fax stays where it is (RFC 3461, 4.3)
        return [*options, b"BODY=8BITMIME", b"SMTPUTF8"] if self._beyond_ascii() else options

    def _beyond_ascii(self) -> bool:
        """Whether an address, in the envelope or in the header, needs SMTPUTF8 (RFC 6531, 3.4)."""
        mail = self._mail
        return not ((mail.sender + mail.recipient).isascii() and mail.message.isascii())

    async def _data(self) -> Answer:
        start = await self._client.execute_command(b"DATA")
        protocol = self._client.protocol
        if start.code != START_INPUT or protocol is None:
            return self._judged(start)
        reply = asyncio.ensure_future(protocol.read_response())
        try:
            await _write(protocol, _dot_stuffed(self._mail.message), reply)
            if not reply.done():
                protocol.write(FINAL_DOT)
                self.dotted = True
            return self._final(await reply)
        finally:
            reply.cancel()

    def _final(self, response: SMTPResponse) -> Answer:
        if not self.dotted:  # it answered in the middle of the message: there is no way back to between transactions
            return judge(response, size_limit(self._client))
        if not succeeded(response):
            return self._judged(response)
        self.reusable = True
        return Sent(short(response.message))

    def _judged(self, response: SMTPResponse) -> Answer:
        answer = judge(response, size_limit(self._client))
        self.reusable = True
        return answer


async def _write(protocol: SMTPProtocol, message: bytes, reply: "asyncio.Future[SMTPResponse]") -> None:
    """Write all of the message but the final dot, unless the server answers or goes away in the middle of it."""
    for start in range(0, len(message), CHUNK):
        if reply.done():
            return
        protocol.write(message[start : start + CHUNK])
        drained = asyncio.ensure_future(protocol._drain_helper())  # noqa: SLF001 - asyncio's name for flow control
        waits: set[asyncio.Future[Any]] = {drained, reply}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        drained.cancel()
        await asyncio.gather(drained, return_exceptions=True)


def _dot_stuffed(message: bytes) -> bytes:
    """RFC 5321, 4.5.2. Base64 lines never begin with a dot, so a large message is searched and not copied."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = ended.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _path(address: str) -> bytes:
    return b"<" + mailbox(address).encode() + b">"
