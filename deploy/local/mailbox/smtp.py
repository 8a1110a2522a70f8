"""The SMTP side: STARTTLS, then AUTH, then mail into the Maildir."""

import asyncio
import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.mailbox.faults import answer_to, read_faults
from deploy.local.mailbox.maildir import deliver

SIZE_LIMIT = 25 * 1024 * 1024  # bytes; what large mail providers accept


@dataclass(frozen=True)
class MailServer:
    """What every connection shares: aiosmtpd calls its handle_… methods.

    Attributes:
        maildir: Where mail goes.
        state: Where `faults.json` may lie.
        username: Who may send.
        password: With which secret.
    """

    maildir: Path
    state: Path
    username: str
    password: str

    async def listen(self, port: int, tls: ssl.SSLContext) -> asyncio.Server:
        """Accept connections on 127.0.0.1:`port`."""
        return await asyncio.get_running_loop().create_server(lambda: self._connection(tls), "127.0.0.1", port)

    def _connection(self, tls: ssl.SSLContext) -> SMTP:
        return SMTP(
            self,
            data_size_limit=read_faults(self.state).size_limit or SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Native Fax local mailbox",
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=self._authenticate,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        known = hmac.compare_digest(given.login, self.username.encode())
        matching = hmac.compare_digest(given.password, self.password.encode())
        return AuthResult(success=known and matching, handled=False)  # handled=True would send no 535

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless a fault forbids."""
        faults = read_faults(self.state)
        await asyncio.sleep(faults.delay_seconds)
        if answer := answer_to(faults.rcpt, [address]):
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store a mail, unless a fault forbids; 250 means that it is on the disk."""
        faults = read_faults(self.state)
        await asyncio.sleep(faults.delay_seconds)
        if answer := answer_to(faults.data, envelope.rcpt_tos):
            return answer
        hangs_up = faults.hangs_up_on(envelope.rcpt_tos)
        if faults.hang_up_keeps or not hangs_up:
            await asyncio.to_thread(deliver, self.maildir, _with_envelope(envelope))
        if hangs_up:
            cast("asyncio.Transport", server.transport).abort()
        return "250 2.0.0 Stored"


def _with_envelope(envelope: Envelope) -> bytes:
    lines = [f"Return-Path: <{envelope.mail_from}>", *(f"Delivered-To: {address}" for address in envelope.rcpt_tos)]
    content = envelope.original_content or b""
    return "".join(f"{line}\r\n" for line in lines).encode() + content
