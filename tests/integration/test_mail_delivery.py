"""The whole stage against a mail server: what a mailbox gets, and how often."""

import email
from datetime import timedelta
from email import policy

from services._runtime.claims import Claims
from services._runtime.links import Links
from services._runtime.outcomes import Done, RetryLater
from services.email_out.adapters import SmtpMailer
from services.email_out.handlers import EmailOut
from services.email_out.letters import Letters
from tests.fakes import MemoryBlobs
from tests.integration.relay import HANG_UP, Relay, Script
from tests.integration.test_smtp import settings
from tests.unit.mails import KEY, PDF, request

LARGE = PDF * 400


def stage(relay: Relay, document: bytes = PDF, lease: timedelta = timedelta(seconds=60)) -> EmailOut:
    blobs = MemoryBlobs({KEY: document})
    return EmailOut(
        blobs,
        Claims(blobs, "worker", lease),
        SmtpMailer(settings(relay.port)),
        Letters(Links("s" * 40, 7)),
        max_attachment=20_000_000,
    )


async def test_the_mailbox_gets_the_very_document_once() -> None:
    async with Relay() as relay:
        worker = stage(relay, LARGE)
        first, again = await worker.handle(request()), await worker.handle(request())
    assert isinstance(first, Done)
    assert first == again
    (raw,) = relay.messages
    (attached,) = email.message_from_bytes(raw, policy=policy.default).iter_attachments()
    assert attached.get_payload(decode=True) == LARGE


async def test_after_a_lost_answer_the_same_mail_goes_out_again() -> None:
    async with Relay(Script(dot=[HANG_UP, "250 ok"])) as relay:
        worker = stage(relay, lease=timedelta(0))
        assert isinstance(await worker.handle(request()), RetryLater)
        assert isinstance(await worker.handle(request()), Done)
    first, second = relay.messages
    assert first == second


async def test_over_the_servers_size_the_mailbox_gets_a_link() -> None:
    async with Relay(Script(ehlo="250-relay\r\n250 SIZE 50000")) as relay:
        assert isinstance(await stage(relay, LARGE).handle(request()), Done)
    (raw,) = relay.messages
    assert b"https://fax.northwind.example/f/" in raw
    assert b"application/pdf" not in raw
