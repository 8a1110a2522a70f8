"""ATA gateways as processes that tests hurt, with the devices that talk to them."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.accounts import AtaDevice, FaxAccount
from schemas.base import Event
from schemas.envelope import decode
from schemas.topics import Topic
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings
from services.ingest.ata.client import AtaClient
from tests.fault.pipeline import NORTH, account
from tests.fault.workers import Worker, eventually, workers
from tests.providers.cluster import Cluster

GATEWAY = ["-c", "from services.ingest.ata.app import main; main()"]
CODE = "AB3DEFGH2JKLMN4P"
BOOTED = datetime(2026, 11, 24, 6, tzinfo=UTC)
TO = "12025550177"


def ata_account(number: str, serial: str) -> FaxAccount:
    """An account whose fax machine may enrol with `CODE`."""
    hashed = sha256(CODE.encode()).hexdigest()
    until = datetime.now(UTC) + timedelta(days=1)
    device = AtaDevice(device_type="HT801", serial=serial, enrolment_sha256=hashed, enrolment_until=until)
    return account(number, "portal", NORTH, ata=device)


@contextmanager
def gateways(cluster: Cluster, database: str, folder: Path, number: int = 1) -> Iterator[list[Worker]]:
    """So many processes of the gateway on one database."""
    environment = {**cluster.environment, "NATIVEFAX_ATA_DATABASE": database, "NATIVEFAX_STAGE_CONFIRM_SECONDS": "5"}
    with workers(folder, environment, [GATEWAY] * number) as started:
        yield started


def address(gateway: Worker) -> str:
    """Where a gateway that is ready listens."""
    (file,) = gateway.folder.glob(f"*-{gateway.pid}.json")
    found: str = json.loads(file.read_text())["address"]
    return found


def again(gateway: Worker) -> None:
    """Start a gateway that was killed."""
    eventually("the gateway is ready again", gateway.ready)


@dataclass
class RawDevice:
    """Submits byte by byte, on a connection of its own."""

    client: AtaClient

    def request(self, document: bytes, job: str) -> bytes:
        """A whole submission as bytes."""
        query = urlencode({"to": TO, "job": job, "booted_at": BOOTED.isoformat()})
        basic = httpx.BasicAuth(self.client.serial, self.client.secret)._auth_header
        head = [f"POST /v1/ata/faxes?{query} HTTP/1.1", "Host: gateway", f"Authorization: {basic}"]
        return "\r\n".join([*head, f"Content-Length: {len(document)}", "", ""]).encode() + document

    def begin(self, request: bytes, position: int) -> socket.socket:
        """Send the first `position` bytes, and no more."""
        where = urlsplit(self.client.url)
        connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
        connection.sendall(request[:position])
        return connection


def accepted(connection: socket.socket) -> bool:
    """Whether the gateway answered 202 before it went away."""
    connection.settimeout(10)
    try:
        return b" 202 " in connection.recv(4096)[:16]
    except OSError:
        return False
    finally:
        connection.close()


async def events(topic: Topic, kafka: KafkaSettings) -> list[Event]:
    """All that a topic holds now."""
    found: list[Event] = []
    async with AIOKafkaConsumer(**client_options(kafka), auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition(topic.name, one) for one in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < ends[one] for one in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [decode(topic, one.headers, one.value) for one in records]
    return found


async def count(topic: Topic, kafka: KafkaSettings, faxes: set[UUID], state: str = "") -> Counter[UUID]:
    """How often each of `faxes` is told of in a topic; different events only, since a repeat is the same event."""
    mine = {one.model_dump_json() for one in await events(topic, kafka) if getattr(one, "fax_id", None) in faxes}
    told = [json.loads(one) for one in mine]
    return Counter(UUID(one["fax_id"]) for one in told if not state or one.get("state") == state)
