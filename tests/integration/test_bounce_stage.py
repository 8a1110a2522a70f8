"""A fax's mail goes out, comes back, and the fax says so: with the stages, Kafka, the store and a mail server."""

import asyncio
import json
import smtplib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from deploy.local.mailbox import read_maildir
from schemas.fax import FaxStatusChanged
from services._runtime.settings import KafkaSettings, StageSettings
from services.cli.following import StatusReader
from services.cli.receiving import Incoming
from services.ingest.bounces.app import BounceService
from services.ingest.bounces.settings import BounceSettings
from tests.fault.pipeline import CLEAN, NORTH, STAGES, Pipeline, account
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster
from tests.unit.bounces import sample

DOMAIN = "bounces.north.example"
NUMBER, MAILBOX = "+15550160", "user15550160@clinic.example"
BOUNCING = {
    "NATIVEFAX_SMTP_BOUNCE_DOMAIN": DOMAIN,
    "NATIVEFAX_BOUNCES_PORT": "0",
    "NATIVEFAX_STAGE_CONFIRM_SECONDS": "2",
}


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@dataclass(frozen=True)
class WentOut:
    """A mail that went out through the stages, as its step and the mailbox tell, and the server for its reports."""

    step: FaxStatusChanged
    sender: str
    bounces: Worker


@pytest.fixture(scope="module")
async def sent(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WentOut]:
    await pipeline.publish_accounts(account(NUMBER, "email-with-attachment", NORTH))
    folder, environment = tmp_path_factory.mktemp("bounces"), {**pipeline.cluster.environment, **BOUNCING}
    commands = [["-m", "services", name] for name in ("bounces", *STAGES)]
    with workers(folder, environment, commands) as (bounces, *stages):
        async with pipeline.reader() as reader:
            emailed, mail = await mail_that_went_out(pipeline, reader)
        for stage in stages:
            stage.end()
        yield WentOut(emailed, str(mail["Return-Path"]).strip("<>"), bounces)


def port_of(bounces: Worker) -> int:
    lines = [json.loads(line) for line in (bounces.folder / "log").read_text().splitlines() if line.startswith("{")]
    return next(int(line["port"]) for line in lines if line["message"] == "takes reports")


def hand_over(port: int, sender_of_mail: str, content: bytes) -> int:
    """Give a report to the server as a mail server does, and return the code of its answer."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.ehlo("mx.clinic.example")
        smtp.mail("")
        code, _ = smtp.rcpt(sender_of_mail)
        return smtp.data(content)[0] if code == 250 else code


async def mail_that_went_out(pipeline: Pipeline, reader: StatusReader) -> tuple[FaxStatusChanged, EmailMessage]:
    events = await pipeline.hand_over([Incoming(CLEAN.read_bytes(), NUMBER, "+15550199", 1)])
    (way,) = await pipeline.ways(events, reader)
    (emailed,) = way.mails
    (mail,) = [one for one in read_maildir(pipeline.cluster.maildir) if one["Message-ID"] == emailed.message_id]
    return emailed, mail


async def bounced(reader: StatusReader, number: int) -> list[FaxStatusChanged]:
    """So many steps of mails that came back."""
    found: list[FaxStatusChanged] = []
    deadline = time.monotonic() + 30
    while len(found) < number and time.monotonic() < deadline:
        found += [step for step in await reader.take(0.5) if step.state == "mail-bounced"]
    return found


async def test_a_mail_that_comes_back_marks_its_fax(pipeline: Pipeline, sent: WentOut) -> None:
    emailed = sent.step
    assert sent.sender.endswith(f"@{DOMAIN}")
    async with pipeline.reader() as reader:
        for _ in range(2):
            report = sample("postfix-failed")
            assert await asyncio.to_thread(hand_over, port_of(sent.bounces), sent.sender, report) == 250
        first, again = await bounced(reader, 2)
    assert again == first
    assert first.version == emailed.version + 1
    assert (first.fax_id, first.account_id, first.recipient) == (emailed.fax_id, emailed.account_id, MAILBOX)
    assert (first.accepted_at, first.fax_number) == (emailed.accepted_at, NUMBER)
    assert (first.reason, first.detail[:5]) == ("mail-bounced", "5.1.1")


async def test_nothing_is_taken_until_kafka_has_it(pipeline: Pipeline, sent: WentOut) -> None:
    sender, port = sent.sender, port_of(sent.bounces)
    pipeline.cluster.stop("kafka")
    try:
        assert await asyncio.to_thread(hand_over, port, sender, sample("exim-failed")) == 451
    finally:
        pipeline.cluster.start("kafka")
    async with pipeline.reader() as reader:

        def taken() -> bool:
            return hand_over(port, sender, sample("exim-failed")) == 250

        await asyncio.to_thread(eventually, "the report is taken", taken)
        steps = await bounced(reader, 1)
    assert sent.bounces.metric("nativefax_bounces_total", outcome="deferred") >= 1
    assert {step.detail for step in steps} == {"5.0.0 552 5.2.2 The mailbox of front.desk is full"}


async def test_without_a_domain_it_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATIVEFAX_SMTP_BOUNCE_DOMAIN", "")
    service = BounceService(BounceSettings(), StageSettings())
    await service.start()
    assert (service.port, service.ailments(), service.waits()) == (None, [], [])
    await service.stop()
