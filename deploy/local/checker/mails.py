"""What a mail holds for its reader: documents, links, and whether it says that something is missing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from uuid import UUID

from deploy.local.mailbox.maildir import list_mails, read_mail

_FAX_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.")
_LINK = re.compile(r"https?://[^\s\"'<>]+/f/[^\s\"'<>]+")


@dataclass(frozen=True)
class Mail:
    """One mail in the mailbox.

    Attributes:
        recipient: Whom it was delivered to.
        fax_id: Which fax its Message-ID names; None for a mail that is not ours.
        subject: Its subject.
        pdfs: The attached PDFs.
        links: The links to faxes, each once.
    """

    recipient: str
    fax_id: UUID | None
    subject: str = ""
    pdfs: tuple[bytes, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def says_incomplete(self) -> bool:
        """Whether a reader of the list of mails sees that something is missing."""
        return "incomplete" in self.subject.lower()


def mails_since(maildir: Path, started_at: datetime) -> list[Mail]:
    """The mails that came after `started_at`, oldest first."""
    files = [file for file in list_mails(maildir) if file.stat().st_mtime >= started_at.timestamp()]
    return [mail_of(read_mail(file)) for file in files]


def mail_of(message: EmailMessage) -> Mail:
    """What one message holds."""
    named = _FAX_ID.search(str(message["Message-ID"] or ""))
    return Mail(
        recipient=str(message["Delivered-To"] or ""),
        fax_id=UUID(named[1]) if named else None,
        subject=str(message["Subject"] or ""),
        pdfs=tuple(_pdfs(message)),
        links=tuple(dict.fromkeys(_links(message))),
    )


def _pdfs(message: EmailMessage) -> Iterator[bytes]:
    for part in message.iter_attachments():
        if part.get_content_type() == "application/pdf":
            content = part.get_payload(decode=True)
            yield content if isinstance(content, bytes) else b""


def _links(message: EmailMessage) -> Iterator[str]:
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        text = body.get_content() if body is not None else ""
        yield from _LINK.findall(unescape(text) if kind == "html" else text)
