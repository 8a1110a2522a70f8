"""Connections to the relay: reused, bounded, replaced when they die idle."""

import asyncio
from dataclasses import dataclass

from services.email_out.adapters import SmtpMailer
from services.email_out.connections import Connections
from services.email_out.mailer import Deferred, Refused, Sent
from tests.integration.relay import HANG_UP, Relay, Script
from tests.integration.test_smtp import mail, settings


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_mails_in_a_row_share_a_connection() -> None:
    async with Relay() as relay:
        mailer = SmtpMailer(settings(relay.port))
        answers = [await mailer.send(mail()) for _ in range(20)]
        await mailer.close()
    assert answers == [Sent("ok")] * 20
    assert relay.connections == 1
    assert relay.verbs().count("EHLO") == 1


async def test_mails_at_once_share_a_bounded_number() -> None:
    async with Relay() as relay:
        mailer = SmtpMailer(settings(relay.port, connections=3))
        answers = await asyncio.gather(*(mailer.send(mail()) for _ in range(40)))
        await mailer.close()
    assert answers == [Sent("ok")] * 40
    assert relay.connections <= 3


async def test_a_connection_is_replaced_after_so_many_mails_and_so_long() -> None:
    clock = Clock()
    async with Relay() as relay:
        chosen = settings(relay.port, connection_mails=2, connection_age_seconds=100)
        mailer = SmtpMailer(chosen, Connections(chosen, clock))
        for _ in range(4):
            await mailer.send(mail())
        assert relay.connections == 2
        await mailer.send(mail())
        clock.seconds += 101
        await mailer.send(mail())
        assert relay.connections == 4
        await mailer.close()


async def test_an_idle_connection_that_died_costs_nobody_anything() -> None:
    async with Relay() as relay:
        mailer = SmtpMailer(settings(relay.port))
        await mailer.send(mail())
        relay.drop()
        assert await mailer.send(mail()) == Sent("ok")
        assert relay.connections == 2
        await mailer.close()


async def test_an_idle_connection_that_the_server_ends_at_the_next_mail_is_replaced() -> None:
    for farewell in ("421 4.4.2 idle", HANG_UP):
        async with Relay(Script(mail=["250 ok", farewell, "250 ok"])) as relay:
            mailer = SmtpMailer(settings(relay.port))
            assert [await mailer.send(mail()) for _ in range(2)] == [Sent("ok")] * 2
            assert relay.connections == 2
            await mailer.close()


async def test_a_connection_idle_for_long_is_asked_first() -> None:
    clock = Clock()
    async with Relay(Script(rset=["250 ok", HANG_UP])) as relay:
        chosen = settings(relay.port)
        mailer = SmtpMailer(chosen, Connections(chosen, clock))
        for _ in range(3):
            assert await mailer.send(mail()) == Sent("ok")
            clock.seconds += 60
        assert relay.verbs().count("RSET") == 2
        assert relay.connections == 2
        await mailer.close()


async def test_a_refused_mail_leaves_a_clean_connection() -> None:
    async with Relay(Script(rcpt=["550 5.1.1 nobody", "450 later", "250 ok"])) as relay:
        mailer = SmtpMailer(settings(relay.port))
        answers = [await mailer.send(mail()) for _ in range(3)]
        await mailer.close()
    assert answers == [Refused(550, "5.1.1 nobody"), Deferred(450, "later"), Sent("ok")]
    assert relay.connections == 1
    assert relay.verbs().count("RSET") == 2
