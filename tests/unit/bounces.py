"""The server for delivery reports with fakes around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import CollectorRegistry, Counter

from schemas.decision import Decision
from schemas.envelope import decode
from schemas.fax import EmailRequested, FaxStatusChanged
from schemas.topics import FAX_STATUS
from services._runtime.publisher import Message, PublishUnknown
from services._runtime.verp import Verp
from services.ingest.bounces.gateway import Gateway
from services.ingest.bounces.handlers import Bounces
from tests.fakes import MemoryBlobs
from tests.unit.mails import AT, FAX, request

VERP = Verp("s" * 40, "bounces.north.example")
DSN = Path(__file__).parents[1] / "data" / "dsn"
DECISION_KEY = f"fax/2026/11/24/{FAX}/decision.json"
RELEASE_KEY = f"fax/2026/11/24/{FAX}/decision-release.json"


@dataclass
class Published:
    """`Publishes` into a list; `away` makes it as uncertain as Kafka's silence does."""

    messages: list[Message] = field(default_factory=list)
    away: bool = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise PublishUnknown("switched off in a test")
        self.messages.extend(messages)

    @property
    def steps(self) -> list[FaxStatusChanged]:
        events = [decode(FAX_STATUS, message.headers, message.value) for message in self.messages]
        return [event for event in events if isinstance(event, FaxStatusChanged)]


class World:
    def __init__(self) -> None:
        self.blobs = MemoryBlobs()
        self.published = Published()
        self.clock = AT + timedelta(hours=1)
        registry = CollectorRegistry()
        self.outcomes = Counter("bounces", "", ("outcome",), registry=registry)
        self.refused = Counter("refused", "", registry=registry)
        self.bounces = Bounces(self.blobs, self.published, self.outcomes, lambda: self.clock)
        self.gateway = Gateway(VERP, self.bounces, self.refused)
        self.decided(request())

    async def answer(self, content: bytes, *addresses: str, sender: str = "<>") -> str:
        """What is answered to a report at the end of DATA; the address of the usual request if none is given."""
        envelope = Envelope()
        envelope.mail_from, envelope.original_content = sender, content
        envelope.rcpt_tos = list(addresses) or [VERP.address(request())]
        return await self.gateway.handle_DATA(cast("SMTP", None), cast("Session", None), envelope)

    def decided(self, *requests: EmailRequested, key: str = DECISION_KEY) -> None:
        """Store the router's decision on these mails; `key` is where."""
        first = requests[0]
        status = FaxStatusChanged(
            fax_id=FAX,
            version=2,
            state="routed",
            stage="router",
            at=AT,
            direction="received",
            accepted_at=AT,
            account_id=first.account_id,
        )
        decision = Decision(
            rule="email-with-attachment", why="", account_id="acc-1", decided_at=AT, emails=requests, status=status
        )
        self.blobs.objects[key] = decision.model_dump_json(exclude_none=True).encode()


def sample(name: str) -> bytes:
    """A mail as it arrives, with CRLF line ends."""
    return (DSN / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")
