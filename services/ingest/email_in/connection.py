"""One connection of a relay: what aiosmtpd does in another way than large mails and busy relays need.

It keeps a mail as a list of lines, which takes four times its size; here it comes in pieces, within the memory that all
connections share. It refuses a parameter that every client which signs in may give (RFC 4954, 5). It answers some
things without the code of RFC 3463.
"""

import re
from asyncio import LimitOverrunError
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

from aiosmtpd.smtp import Envelope, Session, syntax

from services.ingest.email_in.gateway import Gateway
from services.ingest.email_in.memory import Arriving, Memory
from services.ingest.email_in.refusals import (
    NO_MEMORY,
    TLS_FIRST,
    TOO_EARLY,
    TOO_LARGE,
    TOO_MANY_COMMANDS,
    TOO_MANY_ERRORS,
)
from services.ingest.smtp.door import Connection

ERRORS = 20
"""Refused commands on one connection."""

COMMAND = 512 + 500
"""Octets of a command with the parameters that AUTH (RFC 4954, 3), SIZE and SMTPUTF8 add to it."""

MAILS = 100
"""On one connection; the relay opens another for more."""

COMMANDS = {"*": 3 * MAILS, "MAIL": MAILS, "AUTH": 3, "RCPT": 100 * MAILS, "STARTTLS": 1}
"""Times that each command may be given over one connection."""

_END = b"\r\n.\r\n"
_ENOUGH = re.compile(r"421 4\.7\.0 \w+ sent too many times")
_AUTH = re.compile(r"\s+AUTH=\S+", re.IGNORECASE)

_SAID = {
    "530 Must issue a STARTTLS command first": TLS_FIRST.answer,
    "552 Error: message size exceeds fixed maximum message size": TOO_LARGE.answer,
}
"""What aiosmtpd says, and what we say."""


class RelayConnection(Connection):
    """A connection whose mails share `memory` with those of all others."""

    def __init__(self, handler: Gateway, memory: Memory, left: Callable[[], None], longest: int, **more: Any) -> None:
        limits: defaultdict[str, int] = defaultdict(lambda: COMMAND)
        self.command_size_limits = limits  # aiosmtpd's own belongs to all connections, and grows
        octets = MAILS * (longest + 1_000_000)
        super().__init__(handler, octets, left, data_size_limit=longest, command_call_limit=COMMANDS, **more)
        self._gateway = handler
        self._longest = longest
        self._memory = memory
        self._errors = 0

    async def push(self, status: str | bytes) -> None:
        """Answer; the answer to one error too many ends the connection."""
        said = status.decode() if isinstance(status, bytes) else status
        self._errors += said.startswith("5")
        if self._errors > ERRORS:
            await super().push(TOO_MANY_ERRORS.answer)
            if self.transport is not None:
                cast("Any", self.transport).close()
        else:
            await super().push(TOO_MANY_COMMANDS.answer if _ENOUGH.fullmatch(said) else _SAID.get(said, said))

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a sender; who signed in says with AUTH= on whose behalf (RFC 4954, 5), which we don't believe."""
        address, bracket, parameters = (arg or "").partition(">")
        await super().smtp_MAIL(address + bracket + _AUTH.sub("", parameters) if arg else arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a mail."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
        elif arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif cast("Any", self._reader)._buffer:  # noqa: SLF001 - no other way to see that it didn't wait
            await self.push(TOO_EARLY.answer)
            cast("Any", self.transport).close()
        else:
            await self._take(self.envelope)

    async def _take(self, envelope: Envelope) -> None:
        with Arriving(self._memory, self._longest) as mail:
            self._reader.feed_data(b"\r\n")  # the final dot is a line of its own, also when nothing stands before it
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._receive(mail)
            status = await self._answer(mail, envelope)
        self.envelope = self._create_envelope()
        await self.push(status)

    async def _receive(self, mail: Arriving) -> None:
        while True:
            self._reset_timeout()
            try:
                piece = await self._reader.readuntil(_END)
            except LimitOverrunError as longer:
                mail.take(await self._reader.read(longer.consumed))
            else:
                mail.take(piece.removesuffix(b".\r\n"))
                return
            if mail.size > 2 * self._longest and self.transport is not None:
                cast("Any", self.transport).abort()  # it was told the size, and goes on and on

    async def _answer(self, mail: Arriving, envelope: Envelope) -> str:
        if mail.too_large:
            return TOO_LARGE.answer
        if mail.crowded:
            return NO_MEMORY.answer
        self._reset_timeout()
        envelope.original_content = mail.content().replace(b"\r\n.", b"\r\n").removeprefix(b"\r\n")  # RFC 5321, 4.5.2
        return await self._gateway.handle_DATA(self, cast("Session", self.session), envelope)
