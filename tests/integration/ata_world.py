"""The ATA gateway on fakes, but for its database: accounts, a store and Kafka that a test can take away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.accounts import AtaDevice, FaxAccount
from schemas.base import Event, StoredObject
from schemas.envelope import decode
from schemas.fax import AtaNoticeRequested, AtaRequested, EmailRequested, FaxStatusChanged, FaxSubmitted
from schemas.topics import TOPICS
from services._runtime.database import connect, transaction
from services._runtime.notices import notice
from services._runtime.outbox import Outbox
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Message, PublishUnknown
from services._runtime.rates import Buckets
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.ata.adapters import HeldFaxes
from services.ingest.ata.devices import Devices
from services.ingest.ata.handlers import Receiving
from services.ingest.ata.problems import broken
from services.ingest.ata.routes import Desk, gateway
from services.ingest.ata.submitting import Submitting
from services.ingest.ata.sweeper import Sweeper
from services.ingest.ata.tables import METADATA, OUTBOX
from services.ingest.ata.upload import Room
from services.ingest.submissions import Submissions
from tests.fakes import MemoryBlobs
from tests.unit.test_routing import account

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOOTED = AT - timedelta(days=3)
SERIAL, CODE = "20ABCD", "AB3DEFGH2JKLMN4P"
TIFF = b"II*\0 a page"
PDF = b"%PDF-1.7 a page"
TO = "12025550177"


def enrolment(code: str = CODE, *, serial: str = SERIAL, until: datetime = AT + timedelta(days=7)) -> AtaDevice:
    hashed = sha256(code.encode()).hexdigest()
    return AtaDevice(device_type="HT801", serial=serial, enrolment_sha256=hashed, enrolment_until=until)


def with_ata(device: AtaDevice, **changes: Any) -> FaxAccount:
    return account(methods=("portal", "ata"), handling="portal", ata=device, **changes)


class MemoryAccounts:
    """`Accounts` in a list."""

    def __init__(self, *accounts: FaxAccount) -> None:
        self.known = list(accounts)
        self.away = False

    async def find(self, by: str, value: str) -> tuple[FaxAccount, ...]:
        if self.away:
            raise DependencyAway("fax-accounts", "switched off in a test")
        assert by == "serial"
        return tuple(one for one in self.known if one.ata and one.ata.serial == value)


class Topics:
    """`Publishes` in a list; `away` leaves everything unconfirmed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.away = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise PublishUnknown("switched off in a test")
        self.messages += messages

    def events(self) -> list[Event]:
        topics = {one.name: one for one in TOPICS}
        return [decode(topics[one.topic], one.headers, one.value) for one in self.messages]

    def submitted(self) -> list[FaxSubmitted]:
        return [one for one in self.events() if isinstance(one, FaxSubmitted)]

    def mails(self) -> list[EmailRequested]:
        return [one for one in self.events() if isinstance(one, EmailRequested)]

    def steps(self) -> list[FaxStatusChanged]:
        return [one for one in self.events() if isinstance(one, FaxStatusChanged)]


@dataclass
class World:
    """One gateway. `now` is its clock."""

    engine: AsyncEngine
    accounts: MemoryAccounts = field(default_factory=lambda: MemoryAccounts(with_ata(enrolment())))
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    topics: Topics = field(default_factory=Topics)
    now: datetime = AT
    secret: str = ""

    @classmethod
    async def on(cls, database: str) -> "World":
        engine = connect(database)
        async with transaction(engine) as connection:  # as the migrations would, which test_database.py holds it to
            await connection.run_sync(METADATA.create_all)
        return cls(engine)

    def __post_init__(self) -> None:
        clock = lambda: self.now  # noqa: E731 - the shortest way to say it
        self.outbox = Outbox(self.engine, OUTBOX, self.topics, source="ata")
        self.faxes = HeldFaxes(self.engine, self.outbox)
        self.reused = Counter("reused", "for tests", registry=None)
        self.devices = Devices(
            self.engine, self.accounts, clock, by_serial=Buckets(1 / 60, 10), by_peer=Buckets(1 / 10, 30)
        )
        self.receiving = Receiving(self.faxes, self.blobs, now=clock)
        self.sweeper = Sweeper(self.faxes, clock)
        self.room = Room(100_000_000)
        submissions = Submissions(self.blobs, self.topics, clock)
        self.submitting = Submitting(submissions, self.reused, clock)
        self.serve(upload_seconds=5)

    def serve(self, upload_seconds: float) -> None:
        """Make the application, with so much time for an upload."""
        desk = Desk(self.devices, self.submitting, self.receiving, self.room, upload_seconds)
        self.app = Wrapping(gateway(desk), HttpMetrics(CollectorRegistry(), "ata"), broken)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    async def enrol(self, code: str = CODE, serial: str = SERIAL) -> httpx.Response:
        answer = await self.http.post("/v1/ata/enrol", json={"serial": serial, "code": code})
        if answer.is_success:
            self.secret = answer.json()["secret"]
        return answer

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return await self.http.request(method, path, **{"auth": (SERIAL, self.secret), **request})

    async def submit(self, document: bytes = TIFF, **changes: str) -> httpx.Response:
        query = {"to": TO, "job": "1", "booted_at": BOOTED.isoformat(), **changes}
        return await self.ask("POST", "/v1/ata/faxes", params=query, content=document)

    async def received(self) -> list[dict[str, Any]]:
        answer = await self.ask("GET", "/v1/ata/received")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["faxes"]
        return found

    async def acknowledge(self, fax_id: UUID) -> httpx.Response:
        return await self.ask("POST", f"/v1/ata/received/{fax_id}/acknowledge")

    async def drained(self) -> Topics:
        """What the outbox held is published."""
        while await self.outbox.drain():
            pass
        return self.topics

    async def state(self, fax_id: UUID) -> str | None:
        fax = await self.faxes.find(fax_id)
        return fax.state if fax else None


def requested(fax_id: UUID | None = None, *, minutes: float = 30, mails: int = 1, **changes: Any) -> AtaRequested:
    """A fax for the device, with so many mails to fall back on."""
    known = fax_id or uuid4()
    mail = EmailRequested(
        fax_id=known,
        version=4,
        purpose="received",
        account_id="acc-1",
        accepted_at=AT,
        requested_at=AT,
        recipient="desk@clinic.example",
        policy="link",
        brand=account().brand,
        fax_number="+12025550111",
        pages=2,
    )
    fields = {
        "fax_id": known,
        "version": 4,
        "account_id": "acc-1",
        "serial": SERIAL,
        "accepted_at": AT,
        "document": StoredObject(key=f"fax/2026/11/24/{known}/original.tif", size=len(TIFF), media_type="image/tiff"),
        "pages": 2,
        "deadline": AT + timedelta(minutes=minutes),
        "fallback": (mail,) * mails,
    }
    return AtaRequested.model_validate({**fields, **changes})


def notice_requested(*, version: int = 9, thumbnail: StoredObject | None = None) -> AtaNoticeRequested:
    """That a fax sent from the device was not delivered."""
    mail = EmailRequested(
        fax_id=uuid4(),
        version=version,
        purpose="failed",
        account_id="acc-1",
        accepted_at=AT - timedelta(hours=1),
        requested_at=AT,
        recipient="desk@clinic.example",
        policy="link",
        brand=account().brand,
        fax_number="+12025550111",
        other_party="+12025550177",
        pages=2,
        pages_announced=3,
        partial=True,
        failure="line-trouble",
    )
    return notice(mail, SERIAL, thumbnail)
