"""The email gateway, spoken to by SMTP over TLS, with fakes behind it."""

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local.certificate import make_certificate
from services.ingest.email_in import refusals
from services.ingest.email_in.connection import ERRORS, MAILS
from services.ingest.email_in.door import listen
from services.ingest.email_in.refusals import Refusal
from services.ingest.smtp.door import BUSY
from tests.processes import eventually
from tests.unit.email_in import CHECKING, DESK, DOMAIN, FAX, JPEG, SECRET, VOUCHING, World, attached, mail, plain

T = TypeVar("T")
MAIL = mail(*plain("Hello."), proven=None)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tls")
    files = {"certificate": folder / "certificate.pem", "key": folder / "key.pem"}
    make_certificate(files["certificate"], files["key"])
    return files


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[int]:
    server = await listen(world.gateway, world.gateway.settings.tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def talk(port: int, session: Callable[[smtplib.SMTP], T]) -> T:
    """What `session` makes of a connection, in a thread."""

    def run() -> T:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="peer", timeout=20) as smtp:
            return session(smtp)

    return await asyncio.to_thread(run)


def secured(smtp: smtplib.SMTP) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    smtp.starttls(context=context)
    smtp.ehlo()


def signed_in(smtp: smtplib.SMTP) -> None:
    secured(smtp)
    smtp.login("office", SECRET)


def said(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode()}"


def sent(content: bytes, *, sign_in: bool = True) -> Callable[[smtplib.SMTP], str]:
    def session(smtp: smtplib.SMTP) -> str:
        if sign_in:
            signed_in(smtp)
        smtp.ehlo_or_helo_if_needed()
        for answer in (smtp.mail(DESK), smtp.rcpt(FAX)):
            if answer[0] != 250:
                return said(answer)
        return said(smtp.data(content))

    return session


def vouching(pem: dict[str, Path], **settings: Any) -> World:
    return World(relays=(VOUCHING,), **(pem | settings))


async def test_a_relay_signs_in_over_tls_and_a_mail_becomes_a_fax(pem: dict[str, Path]) -> None:
    world = vouching(pem)
    async with serving(world) as port:
        assert await talk(port, sent(MAIL)) == "250 2.0.0 Taken"
    assert world.files() == [("message.txt", b"Hello.")]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_both_ways_to_sign_in(pem: dict[str, Path], mechanism: str) -> None:
    def session(smtp: smtplib.SMTP) -> tuple[int, bytes]:
        secured(smtp)
        assert set(smtp.esmtp_features["auth"].split()) == {"LOGIN", "PLAIN"}
        smtp.user, smtp.password = "office", SECRET
        return smtp.auth(mechanism, getattr(smtp, f"auth_{mechanism.lower()}"))

    async with serving(vouching(pem)) as port:
        assert (await talk(port, session))[0] == 235


async def test_nothing_is_taken_and_nobody_signs_in_before_tls(pem: dict[str, Path]) -> None:
    def session(smtp: smtplib.SMTP) -> list[str]:
        smtp.ehlo()
        assert "auth" not in smtp.esmtp_features
        return [said(smtp.docmd("AUTH", "PLAIN AGEAYg==")), said(smtp.mail(DESK))]

    async with serving(vouching(pem)) as port:
        assert await talk(port, session) == [refusals.TLS_FIRST.answer] * 2
    async with serving(vouching(pem, require_tls=False)) as port:
        assert await talk(port, session) == [refusals.AUTH_NEEDS_TLS.answer, refusals.NOT_A_RELAY.answer]


async def test_a_wrong_secret_is_told_and_three_end_the_connection(pem: dict[str, Path]) -> None:
    def session(smtp: smtplib.SMTP) -> list[str]:
        secured(smtp)
        return [said(smtp.docmd("AUTH", "PLAIN AG9mZmljZQB4")) for _ in range(4)]

    async with serving(vouching(pem)) as port:
        answers = await talk(port, session)
    assert answers == [refusals.WRONG_SECRET.answer] * 3 + [refusals.TOO_MANY_COMMANDS.answer]


async def test_who_signed_in_may_say_on_whose_behalf(pem: dict[str, Path]) -> None:
    def session(smtp: smtplib.SMTP) -> list[int]:
        signed_in(smtp)
        codes = []
        for value in ("<>", "other@clinic.example"):
            codes += [smtp.docmd("MAIL", f"FROM:<{DESK}> SIZE=1000 AUTH={value} BODY=8BITMIME")[0], smtp.rset()[0]]
        return codes

    async with serving(vouching(pem)) as port:
        assert await talk(port, session) == [250] * 4


async def test_a_relay_known_by_its_network_needs_no_secret() -> None:
    world = World(relays=(CHECKING,))
    async with serving(world) as port:
        assert await talk(port, sent(mail(*plain("Hello.")), sign_in=False)) == "250 2.0.0 Taken"
        assert await talk(port, sent(MAIL, sign_in=False)) == refusals.SENDER_UNPROVEN.answer


async def test_a_mail_arrives_as_it_was_sent_dots_and_all(pem: dict[str, Path]) -> None:
    world = vouching(pem)
    text = b"\r\n".join([b".", b"..", b".first", b"no \n bare", b"x" * 200_000, b"\r.\r", b"end."])
    content = mail(*attached(text, "application/octet-stream", "a.bin"), proven=None).split(b"\r\n\r\n")[0]
    content = content.replace(b"base64", b"8bit") + b"\r\n\r\n" + text
    async with serving(world) as port:
        for size in (1, 7, 65_536):
            assert await talk(port, slowly(content, size if size > 1 else len(content) // 3)) == "250 2.0.0 Taken"
    (name, data) = world.files()[0]
    assert (name, data) == ("a.bin", text.replace(b"\r\n", b"\n") + b"\n")
    assert len({one.fax_id for one in world.topics.submitted()}) == 1


def slowly(content: bytes, size: int) -> Callable[[smtplib.SMTP], str]:
    """The mail in pieces of `size` octets, as the network may cut it, also in the middle of its end."""

    def session(smtp: smtplib.SMTP) -> str:
        signed_in(smtp)
        smtp.mail(DESK)
        smtp.rcpt(FAX)
        assert smtp.docmd("DATA")[0] == 354
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
        wire = stuffed + b"\r\n.\r\n"
        whole = len(wire) - 6
        for at in [*range(0, whole, max(size, whole // 50)), *range(whole, len(wire))]:
            end = at + max(size, whole // 50) if at < whole else at + 1
            smtp.sock.sendall(wire[at : min(end, whole) if at < whole else end])  # type: ignore[union-attr]
        return said(smtp.getreply())

    return session


async def test_an_empty_mail_is_one(pem: dict[str, Path]) -> None:
    async with serving(vouching(pem)) as port:
        assert await talk(port, sent(b"")) == refusals.FROM_UNREADABLE.answer


async def test_the_size_is_announced_and_kept(pem: dict[str, Path]) -> None:
    world = vouching(pem, max_bytes=20_000)

    def session(smtp: smtplib.SMTP) -> list[str]:
        signed_in(smtp)
        assert smtp.esmtp_features["size"] == "20000"
        declared = said(smtp.mail(DESK, ["SIZE=20001"]))
        smtp.mail(DESK)
        smtp.rcpt(FAX)
        return [declared, said(smtp.data(MAIL + b"x" * 21_000)), said(smtp.noop())]

    async with serving(world) as port:
        assert await talk(port, session) == [refusals.TOO_LARGE.answer] * 2 + ["250 OK"]
    assert not world.blobs.objects


async def test_a_peer_that_goes_on_and_on_is_cut_off(pem: dict[str, Path]) -> None:
    def session(smtp: smtplib.SMTP) -> int:
        signed_in(smtp)
        smtp.mail(DESK)
        smtp.rcpt(FAX)
        smtp.docmd("DATA")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 200_000_000:
                smtp.sock.sendall(b"x" * 65_536)  # type: ignore[union-attr]
                sent += 65_536
        return sent

    async with serving(vouching(pem, max_bytes=20_000)) as port:
        assert await asyncio.to_thread(cut_off, port, session) < 40_000_000


def cut_off(port: int, session: Callable[[smtplib.SMTP], int]) -> int:
    smtp = smtplib.SMTP("127.0.0.1", port, timeout=20)
    try:
        return session(smtp)
    finally:
        smtp.close()


async def test_mails_that_fill_the_memory_come_again(pem: dict[str, Path]) -> None:
    world = vouching(pem, memory_bytes=100_000)
    big = mail(*attached(JPEG, "image/jpeg", "photo.jpg"), proven=None)

    def session(smtp: smtplib.SMTP) -> list[str]:
        return [sent(big)(smtp), sent(MAIL, sign_in=False)(smtp)]

    async with serving(world) as port:
        assert await talk(port, session) == [refusals.NO_MEMORY.answer, "250 2.0.0 Taken"]


async def test_data_that_did_not_wait_is_not_guessed_at() -> None:
    def early(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            commands = f"EHLO x\r\nMAIL FROM:<{DESK}>\r\nRCPT TO:<{FAX}>\r\nDATA\r\n".encode()
            peer.sendall(commands + mail(*plain()) + b"\r\n.\r\n")
            answers = b""
            while piece := peer.recv(65_536):
                answers += piece
            return answers

    world = World()
    async with serving(world) as port:
        answers = await asyncio.to_thread(early, port)
    assert answers.splitlines()[-1] == refusals.TOO_EARLY.answer.encode()
    assert not world.blobs.objects


async def test_errors_and_mails_on_one_connection_have_an_end(pem: dict[str, Path]) -> None:
    def errors(smtp: smtplib.SMTP) -> list[str]:
        smtp.ehlo()
        smtp.mail(DESK)
        return [said(smtp.rcpt("x@elsewhere.example")) for _ in range(ERRORS + 1)]

    def mails(smtp: smtplib.SMTP) -> list[str]:
        smtp.ehlo()
        answers = []
        for _ in range(MAILS + 1):
            answers.append(said(smtp.mail(DESK)))
            smtp.docmd("RSET") if answers[-1].startswith("250") else None
        return answers

    async with serving(World()) as port:
        assert await talk(port, errors) == [refusals.RELAYING_DENIED.answer] * ERRORS + [
            refusals.TOO_MANY_ERRORS.answer
        ]
        assert (await talk(port, mails))[-2:] == ["250 2.1.0 OK", refusals.TOO_MANY_COMMANDS.answer]


async def test_there_is_room_for_so_many() -> None:
    assert refusals.BUSY.answer == BUSY

    def let_in(port: int) -> bool:
        with contextlib.suppress(smtplib.SMTPConnectError), smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            return smtp.noop()[0] == 250
        return False

    async with serving(World(connections_per_peer=1)) as port:
        first = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10)
        with pytest.raises(smtplib.SMTPConnectError) as busy:
            await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10)
        assert busy.value.smtp_error.decode() == BUSY[4:]  # type: ignore[union-attr]
        await asyncio.to_thread(first.quit)
        assert await asyncio.to_thread(eventually, lambda: let_in(port))


async def test_a_handshake_that_fails_leaves_no_trace(pem: dict[str, Path]) -> None:
    def fail(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            peer.recv(1000)
            peer.sendall(b"EHLO x\r\nSTARTTLS\r\n")
            peer.recv(1000)
            peer.sendall(b"this is no TLS\r\n" * 10)
            with contextlib.suppress(OSError):
                while peer.recv(1000):
                    pass

    world = vouching(pem, connections_per_peer=1)
    async with serving(world) as port:
        await asyncio.to_thread(fail, port)

        def again() -> bool:
            with contextlib.suppress(smtplib.SMTPConnectError), smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
                return sent(MAIL)(smtp).startswith("250")
            return False

        assert await asyncio.to_thread(eventually, again)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("RCPT TO:<postmaster>", refusals.NO_POSTMASTER),
        (f"RCPT TO:<postmaster@{DOMAIN}>", refusals.NO_POSTMASTER),
        ("RCPT TO:<", refusals.UNREADABLE_COMMAND),
        ("RCPT TO:<x@elsewhere.example>", refusals.RELAYING_DENIED),
        (f"RCPT TO:<FAX=12@{DOMAIN}>", refusals.NO_SUCH_ADDRESS),
    ],
)
async def test_refusals_at_rcpt(command: str, refusal: Refusal) -> None:
    def session(smtp: smtplib.SMTP) -> str:
        smtp.ehlo()
        smtp.mail(DESK)
        return said(smtp.docmd(command))

    async with serving(World()) as port:
        assert await talk(port, session) == refusal.answer


async def test_an_address_with_everything_that_rfc_3191_allows() -> None:
    world = World()

    def session(smtp: smtplib.SMTP) -> tuple[int, bytes]:
        smtp.ehlo()
        smtp.mail(DESK)
        assert smtp.docmd(f"RCPT TO:<FAX=+1-202-555-0177/T33S=12-34@{DOMAIN}>")[0] == 250
        return smtp.data(mail(*plain()))

    async with serving(world) as port:
        assert (await talk(port, session))[0] == 250
    event = world.topics.submitted()[-1]
    assert (event.destination, event.subaddress) == ("+12025550177", "1234")
