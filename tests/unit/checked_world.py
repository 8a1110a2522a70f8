"""A small world for the checker: faxes handed over, and everything that became of them, until a test tampers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from uuid import UUID, uuid4

import img2pdf

from deploy.local.checker.mails import Mail, mail_of
from deploy.local.checker.manifest import HandedOver
from deploy.local.checker.stored import StoredFax
from deploy.local.checker.verdict import Verdict, World, judge
from services._runtime.links import LinkExpired, LinkRefused, Links

RECEIVED = Path(__file__).parents[1] / "data" / "received"
HOSTILE = RECEIVED.parent / "hostile"
SECRET, DAYS = "s" * 32, 7
PORTAL = "http://127.0.0.1:8088"
WHOLE = frozenset({"original.tif", "document.pdf", "thumbnail.png", "decision.json"})


@cache  # img2pdf writes the clock into it
def pdf_of(name: str) -> bytes:
    data: bytes = img2pdf.convert((RECEIVED / name).read_bytes())
    return data


@dataclass
class Checked:
    """The state of the world; `verdict` judges it as it is now."""

    faxes: list[HandedOver] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    stored: list[StoredFax] = field(default_factory=list)
    served: dict[str, bytes] = field(default_factory=dict)
    get: Callable[[str], tuple[int, bytes]] | None = None

    def hand_over(self, name: str, way: str, *recipients: str, end: str = "delivered", folder: Path = RECEIVED) -> UUID:
        fax = HandedOver.model_validate(
            {
                "name": f"{len(self.faxes) + 1} {name}",
                "file": folder / name,
                "called_number": "+12025550111",
                "recipients": recipients,
                "way": way,
                "end": end,
                "call": "t30",
            }
        )
        self.faxes.append(fax)
        return self.store(fax)

    def store(self, fax: HandedOver) -> UUID:
        fax_id = uuid4()
        names = WHOLE if fax.end != "set-aside" else frozenset({"original.tif"})
        digest = sha256(fax.file.read_bytes()).hexdigest()
        self.stored.append(StoredFax(fax_id, names, digest, lambda: pdf_of(fax.file.name)))
        return fax_id

    def attach(self, fax_id: UUID, recipient: str, *pdfs: bytes, subject: str = "Fax from 1") -> None:
        self.mails.append(mail_of(message(fax_id, recipient, subject, *pdfs)))

    def link(self, fax_id: UUID, recipient: str, pdf: bytes, subject: str = "Fax from 1") -> str:
        now = datetime.now(UTC)
        link = f"{PORTAL}/f/{Links(SECRET, DAYS).token(fax_id, 'account', now, 'fax/document.pdf', issued_at=now)}"
        self.served[link] = pdf
        self.mails.append(mail_of(message(fax_id, recipient, subject, link=link)))
        return link

    def verdict(self) -> Verdict:
        return judge(self.faxes, World(self.mails, self.stored, self.get or self.portal, SECRET, DAYS))

    def portal(self, address: str) -> tuple[int, bytes]:
        """As services.portal answers."""
        link = address.removesuffix("/fax.pdf")
        try:
            Links(SECRET, DAYS).read(link.rpartition("/")[2])
        except LinkRefused:
            return 404, b""
        except LinkExpired:
            return 410, b""
        return 200, self.served[link]

    def without(self, place: int, *names: str) -> None:
        """Take objects of one stored fax away."""
        self.stored[place] = replace(self.stored[place], names=self.stored[place].names - set(names))


def message(fax_id: UUID, recipient: str, subject: str, *pdfs: bytes, link: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["Delivered-To"], mail["Subject"] = recipient, subject
    mail["Message-ID"] = f"<{fax_id}.received.0123456789abcdef@reseller.example>"
    mail.set_content(f"A fax.\n{link}\n")
    mail.add_alternative(f'<p>A fax. <a href="{escape(link)}">Open</a></p>', subtype="html")
    for pdf in pdfs:
        mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="fax.pdf")
    return mail
