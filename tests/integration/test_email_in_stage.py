"""The email gateway as a process, with Kafka and the store; they go away, and come again."""

import asyncio
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services._runtime import topic_admin
from services._runtime.blobs import ObjectStore
from services._runtime.settings import KafkaSettings, StoreSettings
from tests.fault.email_gateway import announced, clinic, gateway, port_of, publish, secured
from tests.fault.workers import eventually
from tests.providers.cluster import Cluster
from tests.unit.email_in import FAX, JPEG, PDF, SECRET, attached, mail, multipart, plain


@pytest.fixture(scope="module", autouse=True)
def environment(cluster: Cluster) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        topic_admin.apply_now(KafkaSettings())
        yield


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


@pytest.mark.parametrize(("part", "number"), [("kafka", "+12025550162"), ("store", "+12025550163")])
async def test_what_is_away_costs_nothing(cluster: Cluster, tmp_path: Path, part: str, number: str) -> None:
    account = clinic(number)
    sender = account.primary_user.email
    await publish(account)
    content = mail(*plain("Hello."), proven=None, From=sender)

    def try_again() -> int:
        return submit(port_of(worker), tmp_path, sender, content)

    with gateway(cluster, tmp_path) as worker:
        cluster.kill(part)  # type: ignore[arg-type]
        try:
            assert await asyncio.to_thread(try_again) == 451
        finally:
            await asyncio.to_thread(cluster.start, part)  # type: ignore[arg-type]
        await asyncio.to_thread(eventually, "the mail is taken", lambda: try_again() == 250)
        assert worker.restarts == 0
    assert len({one.fax_id for one in await announced(account.account_id)}) == 1
