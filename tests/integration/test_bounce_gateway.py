"""The server for delivery reports, spoken to by SMTP."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local.certificate import make_certificate
from services.ingest.bounces.door import COMMANDS, REPORTS_AT_ONCE, listen
from services.ingest.bounces.settings import BounceSettings
from tests.processes import eventually
from tests.unit.bounces import VERP, World, sample
from tests.unit.mails import request

T = TypeVar("T")
ADDRESS = VERP.address(request())


@asynccontextmanager
async def serving(world: World, **changed: Any) -> AsyncIterator[int]:
    """The port of a server around `world`'s fakes."""
    settings = BounceSettings(domain="bounces.north.example", port=0, name="mx", **changed)
    server = await listen(world.gateway, settings, settings.tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def talk(port: int, session: Callable[[smtplib.SMTP], T]) -> T:
    """What `session` makes of a connection, in a thread."""

    def run() -> T:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            return session(smtp)

    return await asyncio.to_thread(run)


def report(content: bytes, *recipients: str, sender: str = "") -> Callable[[smtplib.SMTP], tuple[int, bytes]]:
    def session(smtp: smtplib.SMTP) -> tuple[int, bytes]:
        smtp.ehlo()
        assert smtp.mail(sender)[0] == 250
        for recipient in recipients or (ADDRESS,):
            assert smtp.rcpt(recipient)[0] == 250
        return smtp.data(content)

    return session


def codes(*recipients: str) -> Callable[[smtplib.SMTP], list[tuple[int, bytes]]]:
    def session(smtp: smtplib.SMTP) -> list[tuple[int, bytes]]:
        smtp.ehlo()
        smtp.mail("")
        return [smtp.rcpt(recipient) for recipient in recipients]

    return session


async def test_a_report_is_taken_from_the_null_sender_and_from_any_other() -> None:
    world = World()
    async with serving(world) as port:
        assert (await talk(port, report(sample("postfix-failed"))))[0] == 250
        assert (await talk(port, report(sample("exim-failed"), sender="postmaster@clinic.example")))[0] == 250
    assert [step.detail[:5] for step in world.published.steps] == ["5.1.1", "5.0.0"]


async def test_the_sender_keeps_a_report_while_kafka_is_away() -> None:
    world = World()
    world.published.away = True
    async with serving(world) as port:
        assert (await talk(port, report(sample("postfix-failed"))))[0] == 451
        world.published.away = False
        assert (await talk(port, report(sample("postfix-failed"))))[0] == 250
    assert len(world.published.steps) == 1


async def test_only_addresses_that_we_signed_are_taken() -> None:
    world = World()
    other = ADDRESS.replace(ADDRESS[5], "b" if ADDRESS[5] == "a" else "a", 1)
    strangers = [
        "postmaster@bounces.north.example",
        "person@elsewhere.example",
        other,
        f"{ADDRESS}.example",
        "postmaster",
    ]
    async with serving(world) as port:
        assert await talk(port, codes(*strangers)) == [(550, b"5.1.1 No such address")] * len(strangers)
        assert (await talk(port, codes(ADDRESS.upper())))[0][0] == 250
    assert world.refused._value.get() == len(strangers)


async def test_without_a_recipient_there_is_no_data() -> None:
    async with serving(World()) as port:
        assert (await talk(port, lambda smtp: (smtp.ehlo(), smtp.mail(""), smtp.docmd("DATA"))[-1]))[0] == 503


async def test_an_address_that_cannot_be_parsed_is_no_fault_of_the_servers() -> None:
    async with serving(World()) as port:
        answers = await talk(port, codes("@", "<<>>", '"', "a b@c", "[", f"{'x' * 450}@y", ADDRESS))
        unreadable = await talk(port, lambda smtp: (smtp.ehlo(), smtp.docmd("MAIL FROM:<"))[-1])
    assert all(500 <= code < 600 for code, _ in answers[:-1])
    assert answers[-1][0] == 250
    assert unreadable == (501, b"5.5.4 That can't be read")


async def test_the_size_is_announced_and_kept() -> None:
    world = World()
    async with serving(world, max_bytes=20_000) as port:
        announced = await talk(port, lambda smtp: (smtp.ehlo(), smtp.esmtp_features["size"])[1])
        code, _ = await talk(port, report(sample("postfix-failed") + b"x\r\n" * 7000))
        declared = await talk(port, lambda smtp: (smtp.ehlo(), smtp.mail("", ["SIZE=20001"]))[1])
    assert announced == "20000"
    assert (code, declared[0]) == (552, 552)
    assert not world.published.messages


async def test_a_report_with_the_whole_mail_in_it_is_read() -> None:
    world = World()
    returned = sample("postfix-failed") + (b"A" * 76 + b"\r\n") * 50_000
    async with serving(world) as port:
        code, _ = await talk(port, report(returned))
    assert code == 250
    assert world.published.steps


async def test_lines_longer_than_they_may_be_are_read() -> None:
    world = World()
    async with serving(world) as port:
        code, _ = await talk(port, report(b"X-Long: " + b"x" * 5000 + b"\r\n" + sample("postfix-failed")))
    assert code == 250
    assert world.published.steps


async def test_a_line_without_an_end_is_cut_off() -> None:
    def endless(port: int) -> int:
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            for command in (b"EHLO x", b"MAIL FROM:<>", b"RCPT TO:<" + ADDRESS.encode() + b">", b"DATA"):
                peer.recv(4096)
                peer.sendall(command + b"\r\n")
            peer.recv(4096)
            sent = 0
            try:
                while sent < 100_000_000:
                    peer.sendall(b"x" * 65_536)
                    sent += 65_536
            except ConnectionError:
                return sent
            return sent

    async with serving(World(), max_bytes=10_000) as port:
        sent = await asyncio.to_thread(endless, port)
    assert sent < REPORTS_AT_ONCE * 10_000 + 20_000_000  # what lies in the sockets' buffers goes unnoticed


async def test_a_peer_may_not_come_in_too_often() -> None:
    async with serving(World(), connections_per_peer=2) as port:
        first, second = [await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10) for _ in "ab"]
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10)
        assert refused.value.smtp_code == 421
        await asyncio.to_thread(first.quit)
        assert await asyncio.to_thread(eventually, partial(let_in, port))
        await asyncio.to_thread(second.quit)


def let_in(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            return smtp.noop()[0] == 250
    except smtplib.SMTPConnectError:
        return False


async def test_no_more_come_in_than_there_is_room_for() -> None:
    async with serving(World(), connections=1) as port:
        first = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10)
        assert not await asyncio.to_thread(let_in, port)
        await asyncio.to_thread(first.quit)


async def test_guessing_ends_the_connection() -> None:
    def guess(smtp: smtplib.SMTP) -> int:
        smtp.ehlo()
        smtp.mail("")
        answers = (smtp.rcpt("guess@bounces.north.example")[0] for _ in range(COMMANDS + 1))
        return sum(code == 550 for code in answers)

    async with serving(World()) as port:
        assert await talk(port, guess) == COMMANDS


async def test_too_many_recipients_of_one_report_come_again() -> None:
    addresses = [VERP.address(request(recipient=f"user{number}@clinic.example")) for number in range(11)]
    async with serving(World()) as port:
        assert [code for code, _ in await talk(port, codes(*addresses))] == [250] * 10 + [452]


async def test_with_a_certificate_the_way_can_be_secured(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    world = World()

    def session(smtp: smtplib.SMTP) -> int:
        smtp.starttls(context=context)
        return report(sample("postfix-failed"))(smtp)[0]

    async with serving(world, certificate=certificate, key=key, connections_per_peer=1) as port:
        assert await talk(port, session) == 250
        assert await asyncio.to_thread(eventually, partial(let_in, port))
    assert len(world.published.steps) == 1


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="go together"):
        BounceSettings(certificate=tmp_path / "certificate.pem")
