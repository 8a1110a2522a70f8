"""Real processes of the API, what they were given and what they made of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import InvalidMessage, decode
from schemas.fax import FaxSubmitted
from schemas.topics import FAX_SUBMITTED
from services._runtime.blobs import ObjectStore
from services._runtime.database import connect, migrate
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings
from services._runtime.tokens import Minted
from tests.fault.workers import Worker, workers
from tests.providers.cluster import Cluster

COMMAND = ["-m", "services", "api"]
BOUNDARY = "=boundary="
TO = "+12025550177"


@contextmanager
def api_processes(cluster: Cluster, folder: Path, number: int = 1, **more: str) -> Iterator[list[Worker]]:
    """So many processes of the API, ready, on one history."""
    environment = {**cluster.environment, "NATIVEFAX_HISTORY_DATABASE": history_url(folder), **more}
    with workers(folder, environment, [COMMAND] * number) as started:
        yield started


def history_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'history.db'}"


async def make_history(folder: Path) -> None:
    """An empty history."""
    engine = connect(history_url(folder))
    await migrate(engine, "services._runtime.history")
    await engine.dispose()


def address_of(worker: Worker) -> str:
    """Where a process listens."""
    about = worker._ready_file()
    assert about is not None
    return about["address"]


def form(files: list[bytes], **fields: str) -> bytes:
    """A submission's body, byte for byte."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in {"to": TO, **fields}.items()]
    parts += [
        f'name="file"; filename="{number}.pdf"\r\nContent-Type: application/pdf\r\n\r\n'.encode() + data
        for number, data in enumerate(files, 1)
    ]
    joined = b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + part + b"\r\n" for part in parts)
    return joined + f"--{BOUNDARY}--\r\n".encode()


def head(address: str, token: Minted, key: str, length: int) -> bytes:
    """The request before that body."""
    lines = [
        "POST /v1/faxes HTTP/1.1",
        f"Host: {address.removeprefix('http://')}",
        f"Authorization: Bearer {token.text}",
        f"Idempotency-Key: {key}",
        f'Content-Type: multipart/form-data; boundary="{BOUNDARY}"',
        f"Content-Length: {length}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def submitted(kafka: KafkaSettings) -> dict[UUID, list[FaxSubmitted]]:
    """Every submission that was ever announced, by fax."""
    found: dict[UUID, list[FaxSubmitted]] = {}
    async with AIOKafkaConsumer(**client_options(kafka), auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition(FAX_SUBMITTED.name, one) for one in range(FAX_SUBMITTED.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while [one for one in partitions if await consumer.position(one) < ends[one]]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    with suppress(InvalidMessage):  # other tests put bad messages there
                        event = decode(FAX_SUBMITTED, record.headers, record.value)
                        assert isinstance(event, FaxSubmitted)
                        found.setdefault(event.fax_id, []).append(event)
    return found


async def check_one_fax(fax_id: UUID, announced: list[FaxSubmitted], files: list[bytes], blobs: ObjectStore) -> None:
    """Announced, always as the same fax, on one day, with all of its files."""
    assert announced, "an accepted fax was lost"
    assert len({one.model_dump_json() for one in announced}) == 1
    stored = [await blobs.get(one.document.key) for one in announced[0].attachments]
    assert stored == files
    day = announced[0].attachments[0].document.key[: len("fax/2026/11/24/")]
    everywhere = [key for key in await blobs.keys("fax/") if str(fax_id) in key]
    assert everywhere
    assert all(key.startswith(f"{day}{fax_id}/") for key in everywhere)
