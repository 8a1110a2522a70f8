"""The email gateway as a process, with Kafka and the store; they go away, and come again."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from services._runtime.blobs import ObjectStore
from services._runtime.settings import StoreSettings
from tests.fault.email_gateway import announced, clinic, gateway, port_of, publish, secured
from tests.fault.workers import Worker, eventually
from tests.providers.cluster import Cluster, Name
from tests.unit.email_in import FAX, JPEG, PDF, SECRET, attached, mail, multipart, plain

pytestmark = pytest.mark.usefixtures("kafka")

CLINIC, PATIENT = clinic("+12025550161"), clinic("+12025550162")


@pytest.fixture(scope="module")
async def worker(kafka: object, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """The gateway, which knows both accounts."""
    await publish(CLINIC, PATIENT)
    with gateway(cluster, tmp_path_factory.mktemp("gateway")) as started:
        yield started


def submit(port: int, folder: Path, sender: str, content: bytes) -> int:
    """Hand a mail over as a relay does, and return the code of the last answer."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        secured(smtp, folder)
        smtp.login("office", SECRET)
        code = smtp.mail(sender)[0]
        if code == 250:
            code = smtp.rcpt(FAX)[0]
        return smtp.data(content)[0] if code == 250 else code


async def test_a_mail_becomes_a_fax_and_the_same_mail_the_same_one(worker: Worker) -> None:
    sender, folder = CLINIC.primary_user.email, worker.folder.parent
    files = [attached(PDF, "application/pdf", "referral.pdf"), attached(JPEG, "image/jpeg", "photo.jpg")]
    content = mail(*multipart("mixed", plain(), *files), proven=None, From=sender)
    before = worker.metric("nativefax_email_in_total", outcome="repeated")
    for _ in range(2):
        assert await asyncio.to_thread(submit, port_of(worker), folder, sender, content) == 250
    assert await asyncio.to_thread(submit, port_of(worker), folder, "x@elsewhere.example", content) == 550
    assert worker.metric("nativefax_email_in_total", outcome="repeated") == before + 1
    log = (worker.folder / "log").read_text()
    first, again = await announced(CLINIC.account_id)
    assert again == first
    assert (first.sender, first.reply_to, first.subject) == (sender, sender, "Referral")
    store = ObjectStore(StoreSettings())
    assert [await store.get(one.document.key) for one in first.attachments] == [PDF, JPEG]
    assert str(first.fax_id) in log
    assert "elsewhere.example" not in log
    assert "Referral" not in log


async def test_what_is_away_costs_nothing(cluster: Cluster, worker: Worker) -> None:
    sender, restarts = PATIENT.primary_user.email, worker.restarts
    contents = [mail(*plain(text), proven=None, From=sender) for text in ("One.", "Two.")]

    def give(content: bytes) -> int:
        return submit(port_of(worker), worker.folder.parent, sender, content)

    for part, content in zip(get_args(Name)[:2], contents, strict=True):
        cluster.kill(part)
        try:
            assert await asyncio.to_thread(give, content) == 451
        finally:
            await asyncio.to_thread(cluster.start, part)
        await asyncio.to_thread(eventually, f"the mail is taken after {part}", partial(taken, give, content))
    assert worker.restarts == restarts
    assert len({one.fax_id for one in await announced(PATIENT.account_id)}) == 2


def taken(give: Callable[[bytes], int], content: bytes) -> bool:
    return give(content) == 250
