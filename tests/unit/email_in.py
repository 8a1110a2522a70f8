"""The email gateway with fakes around it, and mails in the shapes that the big clients write."""

import base64
import struct
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiosmtpd.smtp import Envelope, LoginPassword, Session
from prometheus_client import CollectorRegistry, Counter

from schemas.accounts import FaxAccount, User
from services._runtime.outcomes import DependencyAway
from services.ingest.email_in.gateway import Gateway
from services.ingest.email_in.handlers import Mails
from services.ingest.email_in.settings import EmailInSettings
from services.ingest.submissions import Submissions
from tests.fakes import MemoryBlobs
from tests.unit.test_routing import NOW, account
from tests.unit.test_submission import Topics

DESK, DOMAIN, FAX = "desk@clinic.example", "fax.north.example", "+12025550177@fax.north.example"
SECRET = "s3cret-" * 6
AUTHSERV = "mx.north.example"
VOUCHING = {"name": "office", "password_sha256": sha256(SECRET.encode()).hexdigest(), "vouches_for": "envelope-sender"}
CHECKING = {"name": "mx", "networks": ["127.0.0.0/8"], "authserv_id": AUTHSERV}
PROVEN = f"Authentication-Results: {AUTHSERV}; dmarc=pass (p=none) header.from=clinic.example"

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 3
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 800
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
CARD = b"BEGIN:VCARD\r\nFN:Front Desk\r\nEND:VCARD\r\n"


@dataclass
class Accounts:
    """`AccountTable.find` in a list; `away` makes it as silent as Kafka."""

    known: list[FaxAccount] = field(default_factory=lambda: [account()])
    away: bool = False

    async def find(self, _by: str, value: str) -> tuple[FaxAccount, ...]:
        if self.away:
            raise DependencyAway("fax-accounts", "switched off in a test")
        addresses = {one.fax_number: {one.primary_user.email, *one.allowed_senders} for one in self.known}
        found = [one for one in self.known if value in {address.lower() for address in addresses[one.fax_number]}]
        return tuple(sorted(found, key=lambda one: one.fax_number))


class World:
    """A gateway whose accounts, store and Kafka are in memory: its own, or those of the one `beside` it."""

    def __init__(self, *accounts: FaxAccount, beside: "World | None" = None, **settings: Any) -> None:
        usual: dict[str, Any] = {"domains": (DOMAIN,), "relays": (CHECKING,), "port": 0, "name": "gateway"}
        self.settings = EmailInSettings.model_validate(usual | settings)
        self.accounts = Accounts(list(accounts) or [account()])
        self.blobs: MemoryBlobs = beside.blobs if beside else MemoryBlobs()
        self.topics: Topics = beside.topics if beside else Topics()
        self.outcomes = Counter("email_in", "", ("outcome",), registry=CollectorRegistry())
        submissions = Submissions(self.blobs, self.topics, lambda: NOW)
        self.gateway = Gateway(self.settings, Mails(self.accounts, submissions), self.outcomes)

    async def answer(self, content: bytes, *recipients: str, sender: str = DESK, peer: str = "127.0.0.1") -> str:
        """What is answered to a mail: to the first command that is refused, else at the end of DATA."""
        session, envelope = Session(None), Envelope()  # type: ignore[arg-type]
        session.peer = (peer, 1)  # type: ignore[assignment]  # aiosmtpd calls it a str, and puts this there
        server: Any = None
        answers = [await self.gateway.handle_MAIL(server, session, envelope, sender, [])]
        answers += [await self.gateway.handle_RCPT(server, session, envelope, one, []) for one in recipients or (FAX,)]
        if refused := [one for one in answers if not one.startswith("250")]:
            return refused[0]
        envelope.original_content = content
        return await self.gateway.handle_DATA(server, session, envelope)

    def sign_in(self, name: str, secret: str, peer: str = "127.0.0.1") -> Session | None:
        session, server = Session(None), Any  # type: ignore[arg-type]
        session.peer = (peer, 1)  # type: ignore[assignment]  # aiosmtpd calls it a str, and puts this there
        given = LoginPassword(name.encode(), secret.encode())
        result = self.gateway.authenticate(server, session, Envelope(), "PLAIN", given)  # type: ignore[arg-type]
        session.authenticated, session.auth_data = result.success, result.auth_data
        return session if result.success else None

    def files(self) -> list[tuple[str, bytes]]:
        """The names and bytes of what was submitted last."""
        event = self.topics.submitted()[-1]
        return [(one.filename, self.blobs.objects[one.document.key]) for one in event.attachments]

    def cover_text(self) -> str:
        event = self.topics.submitted()[-1]
        return self.blobs.objects[event.cover.text.key].decode() if event.cover and event.cover.text else ""


def clinic(**changes: Any) -> FaxAccount:
    return account(**changes)


def other(number: str, user: str, **changes: Any) -> FaxAccount:
    """Another account of the clinic."""
    return account(
        account_id=f"acc-{number}", fax_number=number, primary_user=User(name="Other", email=user), **changes
    )


def mail(*lines: str | bytes, proven: str | None = PROVEN, **fields: str | None) -> bytes:
    """A mail of these lines, which begin with its MIME fields, after the usual header fields."""
    usual: dict[str, str | None] = {
        "From": f"Front Desk <{DESK}>",
        "To": FAX,
        "Subject": "Referral",
        "Date": "Tue, 24 Nov 2026 10:00:00 -0500",
        "Message-ID": "<1@clinic.example>",
    }
    wanted = usual | {name.replace("_", "-"): value for name, value in fields.items()}
    header = [proven] if proven else []
    header += [f"{name}: {value}" for name, value in wanted.items() if value is not None]
    return b"\r\n".join(
        one if isinstance(one, bytes) else one.encode() for one in (*header, "MIME-Version: 1.0", *lines)
    )


def plain(text: str = "Please see attached.") -> list[str | bytes]:
    return ["Content-Type: text/plain; charset=utf-8", "", text]


def page(text: str) -> list[str | bytes]:
    return ["Content-Type: text/html; charset=utf-8", "", f"<html><body>{text}</body></html>"]


def attached(data: bytes, kind: str, name: str = "", *more: str, disposition: str = "attachment") -> list[str | bytes]:
    lines = base64.encodebytes(data).replace(b"\n", b"\r\n").rstrip()
    named = f'; filename="{name}"' if name else ""
    shown = [f"Content-Disposition: {disposition}{named}"] if disposition else []
    return [f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *shown, *more, "", lines]


def multipart(kind: str, *parts: list[str | bytes], boundary: str = "") -> list[str | bytes]:
    boundary = boundary or f"=_{kind}_{zlib.crc32(repr(parts).encode()):08x}"
    lines: list[str | bytes] = [f'Content-Type: multipart/{kind}; boundary="{boundary}"', ""]
    for part in parts:
        lines += [f"--{boundary}", *part]
    return [*lines, f"--{boundary}--", ""]


def tnef_attribute(number: int, value: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def winmail(*files: tuple[str, bytes] | None) -> bytes:
    """A winmail.dat as Outlook writes it, as far as its files go ([MS-OXTNEF]); None is a mail, which has no data."""
    made = struct.pack("<IH", 0x223E9F78, 1) + tnef_attribute(0x00089006, b"\x00\x00\x01\x00", level=1)
    for file in files:
        if file is None:
            made += tnef_attribute(0x00069002, b"\x01\x00" + b"\0" * 12) + tnef_attribute(0x00018010, b"Fwd\0")
            continue
        name, data = file
        long = name.encode("utf-16-le") + b"\0\0"
        padded = long + b"\0" * (-len(long) % 4)
        properties = struct.pack("<I", 1) + struct.pack("<HHII", 0x1F, 0x3707, 1, len(long)) + padded
        made += tnef_attribute(0x00069002, b"\x01\x00" + b"\0" * 12)
        made += tnef_attribute(0x00018010, name[:8].upper().encode("ascii", "replace") + b"~1.PDF\0")
        made += tnef_attribute(0x0006800F, data) + tnef_attribute(0x00069005, properties)
    return made
