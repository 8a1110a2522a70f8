"""The SMTP adapter against aiosmtpd: STARTTLS with a private authority, TLS from the start, sign-in, SIZE."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.certificate import make_certificate
from services._runtime.outcomes import DependencyAway
from services.email_out.adapters import SmtpMailer
from services.email_out.mailer import Refused, Sent, TooLarge
from tests.integration.test_smtp import mail, settings


@dataclass
class Inbox:
    received: list[tuple[Any, list[str], Any, bool]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        secured = session.ssl is not None
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, secured))
        return "250 2.0.0 kept"


def sign_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword) -> AuthResult:
    right = data.login == b"fax" and data.password == b"secret words"
    return AuthResult(success=right, handled=False)


AUTH: dict[str, Any] = {"authenticator": sign_in, "auth_required": True}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder / "relay.crt", folder / "relay.key", addresses=())
    path = folder / "relay.pem"
    path.write_text((folder / "relay.key").read_text() + (folder / "relay.crt").read_text())
    return path


@asynccontextmanager
async def server(certificate: Path, inbox: Inbox, *, tls: bool = False, **options: Any) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    start: Callable[[], SMTP] = lambda: SMTP(  # noqa: E731
        inbox, hostname="relay", tls_context=None if tls else context, require_starttls=not tls, **options
    )
    listening = await asyncio.get_running_loop().create_server(start, "localhost", 0, ssl=context if tls else None)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def mailer(port: int, **changed: Any) -> SmtpMailer:
    return SmtpMailer(settings(port, **{"host": "localhost", "security": "starttls"} | changed))


async def test_starttls_and_sign_in(certificate: Path) -> None:
    inbox = Inbox()
    async with server(certificate, inbox, **AUTH) as port:
        relay = mailer(port, ca_file=certificate, username="fax", password="secret words")
        assert await relay.send(mail()) == Sent("2.0.0 kept")
        assert await relay.send(mail(recipient="nobody@clinic.example")) == Refused(550, "5.1.1 no such user")
        assert await relay.send(mail()) == Sent("2.0.0 kept")
        await relay.close()
    assert [secured for *_, secured in inbox.received] == [True, True]
    assert inbox.received[0][:2] == ("fax@brand.example", ["desk@clinic.example"])


async def test_tls_from_the_start(certificate: Path) -> None:
    inbox = Inbox()
    async with server(certificate, inbox, tls=True, auth_require_tls=False, **AUTH) as port:
        relay = mailer(port, security="tls", ca_file=certificate, username="fax", password="secret words")
        large = b"Subject: a fax\r\n\r\n" + (b"A" * 76 + b"\r\n") * 20_000
        assert isinstance(await relay.send(mail(large)), Sent)
        await relay.close()
    assert inbox.received[0][2] == large


@pytest.mark.parametrize(
    ("why", "changed"),
    [
        ("an authority that we don't know", {"ca_file": None, "username": "fax", "password": "secret words"}),
        ("another name than the certificate's", {"host": "127.0.0.1", "username": "fax", "password": "secret words"}),
        ("a wrong password", {"username": "fax", "password": "wrong"}),
        ("no sign-in", {}),
    ],
)
async def test_misconfiguration_is_the_relays_absence(certificate: Path, why: str, changed: dict[str, Any]) -> None:
    inbox = Inbox()
    async with server(certificate, inbox, **AUTH) as port:
        relay = mailer(port, **{"ca_file": certificate} | changed)
        with pytest.raises(DependencyAway, match="mail-server") as raised:
            await relay.send(mail())
        assert "secret words" not in str(raised.value)
        await relay.close()
    assert not inbox.received


async def test_without_starttls_no_mail_goes_out(certificate: Path) -> None:
    inbox = Inbox()
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox, hostname="relay"), "localhost", 0)
    async with listening:
        relay = mailer(listening.sockets[0].getsockname()[1], ca_file=certificate)
        with pytest.raises(DependencyAway, match="STARTTLS"):
            await relay.send(mail())
    assert not inbox.received


async def test_the_size_that_the_server_announces(certificate: Path) -> None:
    inbox = Inbox()
    async with server(certificate, inbox, data_size_limit=2000) as port:
        relay = mailer(port, ca_file=certificate)
        assert await relay.send(mail(b"Subject: a fax\r\n\r\n" + b"A\r\n" * 1000)) == TooLarge(2000)
        assert isinstance(await relay.send(mail()), Sent)
        await relay.close()


def test_no_password_goes_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="use starttls or tls"):
        settings(25, host="relay.example", security="none")
    shown = repr(settings(25, password="secret words"))
    assert "secret words" not in shown
