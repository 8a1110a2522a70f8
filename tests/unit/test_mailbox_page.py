"""The mailbox's list of mails, which reads no more of each than it shows."""

from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from deploy.local.mailbox.maildir import deliver, list_mails, read_headers
from deploy.local.mailbox.page import make_page


def mail(subject: str) -> bytes:
    built = EmailMessage()
    built["From"], built["To"], built["Subject"] = "Fax <fax@reseller.example>", "desk@clinic.example", subject
    built.set_content("See the attachment.")
    built.add_attachment(b"%PDF-" + bytes(100_000), maintype="application", subtype="pdf", filename="fax.pdf")
    return built.as_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


async def test_the_newest_mails_come_first_with_who_and_what(folder: Path) -> None:
    for subject in ("Fax from <Grüße>", "Delivered: 3 pages"):
        deliver(folder, mail(subject))
    transport = httpx.ASGITransport(make_page(folder))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        shown = (await client.get("/")).text
    assert "Mailbox (2)" in shown
    assert "Fax from &lt;Grüße&gt;" in shown
    assert shown.index("Delivered: 3 pages") < shown.index("Fax from")


def test_headers_are_read_without_the_body(folder: Path) -> None:
    deliver(folder, mail("Delivered").replace(b"\n", b"\r\n"))
    (file,) = list_mails(folder)
    headers = read_headers(file)
    assert (headers["Subject"], headers["To"]) == ("Delivered", "desk@clinic.example")
    assert headers.get_payload() in ("", [])
