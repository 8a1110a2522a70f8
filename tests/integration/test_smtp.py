"""The SMTP adapter against a server that misbehaves at every step. Losing a fax or sending it twice is decided here."""

import asyncio
import time
from typing import Any

import pytest

from services._runtime.outcomes import DependencyAway
from services.email_out.adapters import SmtpMailer
from services.email_out.mailer import Answer, Deferred, Mail, Refused, Sent, TooLarge, Unknown
from services.email_out.settings import MailSettings
from tests.integration.relay import HANG_UP, SILENT, Relay, Script

SMALL = b"Subject: a fax\r\n\r\n.dots\r\n..more\r\nend\r\n"
LARGE = b"Subject: a fax\r\n\r\n" + (b"A" * 76 + b"\r\n") * 70_000


def settings(port: int, **changed: Any) -> MailSettings:
    quick: dict[str, Any] = {"timeout_seconds": 2.0, "connect_seconds": 1.0, "ehlo_name": "test"}
    return MailSettings(**quick | {"host": "127.0.0.1", "port": port, "security": "none"} | changed)


def script(**said: Any) -> Script:
    return Script(**said)


def mail(message: bytes = SMALL, recipient: str = "desk@clinic.example") -> Mail:
    return Mail("fax@brand.example", recipient, message)


async def answer(said: Script, message: bytes = SMALL, **changed: Any) -> tuple[Answer, Relay]:
    async with Relay(said) as relay:
        mailer = SmtpMailer(settings(relay.port, **changed))
        try:
            return await mailer.send(mail(message)), relay
        finally:
            await mailer.close()


async def test_a_mail_arrives_unchanged_dots_and_all() -> None:
    said, relay = await answer(Script(dot="250 2.0.0 queued as 42"))
    assert said == Sent("2.0.0 queued as 42")
    assert relay.messages == [SMALL]
    assert relay.commands[1:3] == [
        "MAIL FROM:<fax@brand.example> SIZE=" + str(len(SMALL)),
        "RCPT TO:<desk@clinic.example>",
    ]


async def test_a_report_is_asked_not_to_carry_the_fax() -> None:
    said, relay = await answer(Script(ehlo="250-relay\r\n250-DSN\r\n250 SIZE 0"))
    assert isinstance(said, Sent)
    assert relay.commands[1] == f"MAIL FROM:<fax@brand.example> SIZE={len(SMALL)} RET=HDRS"


async def test_a_large_mail_arrives_unchanged() -> None:
    said, relay = await answer(Script(), LARGE)
    assert isinstance(said, Sent)
    assert relay.messages == [LARGE]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        ("451 4.3.0 later", Deferred(451, "4.3.0 later")),
        ("421 4.7.0 too many", Deferred(421, "4.7.0 too many")),
        ("550 5.1.1 nobody", Refused(550, "5.1.1 nobody")),
        ("552 5.3.4 too big", TooLarge(0, "552 5.3.4 too big")),
        ("550 5.2.3 too big", TooLarge(0, "550 5.2.3 too big")),
        ("552-5.2.2 The mailbox\r\n552 5.2.2 is full", TooLarge(0, "552 5.2.2 The mailbox 5.2.2 is full")),
    ],
)
async def test_a_refusal_means_the_same_at_every_step(step: str, reply: str, meant: Answer) -> None:
    said, _ = await answer(script(**{step: reply}))
    assert said == meant


@pytest.mark.parametrize("step", ["greeting", "ehlo"])
@pytest.mark.parametrize("reply", ["421 busy", "554 no", SILENT, HANG_UP, "what?"])
async def test_a_relay_that_does_not_open_is_away(step: str, reply: str) -> None:
    with pytest.raises(DependencyAway, match="mail-server"):
        await answer(script(**{step: reply}), connect_seconds=0.3)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("reply", ["530 5.7.0 sign in first", "535 5.7.8 no"])
async def test_a_refusal_of_us_is_not_the_mails_fault(step: str, reply: str) -> None:
    with pytest.raises(DependencyAway, match="mail-server"):
        await answer(script(**{step: reply}))


async def test_nobody_listens() -> None:
    async with Relay() as relay:
        port = relay.port
    with pytest.raises(DependencyAway, match="mail-server"):
        await SmtpMailer(settings(port)).send(mail())


async def test_no_such_host() -> None:
    with pytest.raises(DependencyAway, match="mail-server"):
        await SmtpMailer(settings(25, host="mail.invalid", security="starttls")).send(mail())


@pytest.mark.parametrize("reply", [HANG_UP, SILENT, "what?"])
async def test_after_the_final_dot_nobody_knows(reply: str) -> None:
    said, relay = await answer(Script(dot=reply), timeout_seconds=0.5)
    assert said == Unknown()
    assert relay.messages == [SMALL]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", [HANG_UP, SILENT])
async def test_a_mail_that_breaks_the_connection_does_not_stop_the_others(step: str, reply: str) -> None:
    said, relay = await answer(script(**{step: reply}), timeout_seconds=0.5)
    assert isinstance(said, Deferred)
    assert relay.connections == 2  # the second was the question whether the relay is there
    assert not relay.messages


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_a_relay_that_goes_away_between_is_away(step: str) -> None:
    with pytest.raises(DependencyAway, match="mail-server"):
        await answer(script(greeting=["220 relay", HANG_UP], **{step: HANG_UP}), timeout_seconds=0.5)


async def test_a_connection_lost_in_the_middle_of_a_message_sent_nothing() -> None:
    said, relay = await answer(Script(interrupt=HANG_UP), LARGE)
    assert said == Deferred(0, "the mail server closed the connection")
    assert not relay.messages


async def test_a_server_that_stops_reading_sent_nothing() -> None:
    said, relay = await answer(Script(interrupt=SILENT), LARGE, timeout_seconds=0.7)
    assert said == Deferred(0, "the mail server was silent")
    assert not relay.messages


@pytest.mark.parametrize(
    ("reply", "meant"),
    [("552 5.3.4 stop", TooLarge(0, "552 5.3.4 stop")), ("550 5.7.1 stop", Refused(550, "5.7.1 stop"))],
)
async def test_an_answer_in_the_middle_of_a_message_is_heard(reply: str, meant: Answer) -> None:
    said, relay = await answer(Script(interrupt=reply, interrupt_after=100_000), LARGE)
    assert said == meant
    assert relay.connections == 1


async def test_a_message_over_the_announced_size_is_not_even_tried() -> None:
    said, relay = await answer(Script(ehlo="250-relay\r\n250 SIZE 1000000"), LARGE)
    assert said == TooLarge(1_000_000)
    assert relay.verbs() == ["EHLO", "QUIT"] or relay.verbs() == ["EHLO"]


@pytest.mark.parametrize(
    "outside",
    [
        Mail("fax@brand.example", "bjørn@clinic.example", SMALL),
        Mail("büro@brand.example", "desk@clinic.example", SMALL),
        Mail("fax@brand.example", "desk@clinic.example", "From: <büro@brand.example>\r\n\r\n".encode()),
    ],
    ids=["recipient", "sender", "header"],
)
async def test_an_address_outside_ascii_needs_a_server_that_takes_it(outside: Mail) -> None:
    async with Relay() as relay:
        mailer = SmtpMailer(settings(relay.port))
        refused = await mailer.send(outside)
        relay.script.ehlo = "250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8"
        await mailer.close()
        taken = await mailer.send(outside)
    assert isinstance(refused, Refused)
    assert isinstance(taken, Sent)
    assert f"MAIL FROM:<{outside.sender}> BODY=8BITMIME SMTPUTF8" in relay.commands


async def test_the_hard_timeout_holds_against_a_server_that_answers_slowly() -> None:
    started = time.monotonic()
    with pytest.raises(DependencyAway):
        await answer(Script(greeting=["220 relay", SILENT], rcpt=SILENT), timeout_seconds=0.4, connect_seconds=0.3)
    assert time.monotonic() - started < 1.5


async def test_cancelled_in_the_middle_the_connection_is_not_used_again() -> None:
    async with Relay(Script(dot=[SILENT, "250 ok"])) as relay:
        mailer = SmtpMailer(settings(relay.port, connections=1))
        sending = asyncio.create_task(mailer.send(mail()))
        await asyncio.wait_for(relay.arrived.wait(), 2)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert isinstance(await mailer.send(mail()), Sent)
        assert relay.connections == 2
        await mailer.close()
