"""The email gateway as a process, with Kafka and the store; they go away, and come again."""

import asyncio
import smtplib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from services._runtime.blobs import ObjectStore
from services._runtime.settings import StoreSettings
from tests.fault.email_gateway import announced, clinic, gateway, port_of, publish, secured
from tests.fault.workers import eventually
from tests.providers.cluster import Cluster, Name
from tests.unit.email_in import FAX, JPEG, PDF, SECRET, attached, mail, multipart, plain

pytestmark = pytest.mark.usefixtures("kafka")


def submit(port: int, folder: Path, sender: str, content: bytes) -> int:
    """Hand a mail over as a relay does, and return the code of the last answer."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        secured(smtp, folder)
        smtp.login("office", SECRET)
        code = smtp.mail(sender)[0]
        if code == 250:
            code = smtp.rcpt(FAX)[0]
        return smtp.data(content)[0] if code == 250 else code


async def test_a_mail_becomes_a_fax_and_the_same_mail_the_same_one(cluster: Cluster, tmp_path: Path) -> None:
    account = clinic("+12025550161")
    sender = account.primary_user.email
    await publish(account)
    files = [attached(PDF, "application/pdf", "referral.pdf"), attached(JPEG, "image/jpeg", "photo.jpg")]
    content = mail(*multipart("mixed", plain(), *files), proven=None, From=sender)
    with gateway(cluster, tmp_path) as worker:
        for _ in range(2):
            assert await asyncio.to_thread(submit, port_of(worker), tmp_path, sender, content) == 250
        assert await asyncio.to_thread(submit, port_of(worker), tmp_path, "x@elsewhere.example", content) == 550
        assert worker.metric("nativefax_email_in_total", outcome="repeated") == 1
        log = (worker.folder / "log").read_text()
    first, again = await announced(account.account_id)
    assert again == first
    assert (first.sender, first.reply_to, first.subject) == (sender, sender, "Referral")
    store = ObjectStore(StoreSettings())
    assert [await store.get(one.document.key) for one in first.attachments] == [PDF, JPEG]
    assert str(first.fax_id) in log
    assert "elsewhere.example" not in log
    assert "Referral" not in log


async def test_what_is_away_costs_nothing(cluster: Cluster, tmp_path: Path) -> None:
    account = clinic("+12025550162")
    sender = account.primary_user.email
    await publish(account)
    contents = [mail(*plain(text), proven=None, From=sender) for text in ("One.", "Two.")]

    def give(content: bytes) -> int:
        return submit(port_of(worker), tmp_path, sender, content)

    with gateway(cluster, tmp_path) as worker:
        for part, content in zip(get_args(Name)[:2], contents, strict=True):
            cluster.kill(part)
            try:
                assert await asyncio.to_thread(give, content) == 451
            finally:
                await asyncio.to_thread(cluster.start, part)
            await asyncio.to_thread(eventually, f"the mail is taken after {part}", partial(taken, give, content))
        assert worker.restarts == 0
    assert len({one.fax_id for one in await announced(account.account_id)}) == 2


def taken(give: Callable[[bytes], int], content: bytes) -> bool:
    return give(content) == 250
