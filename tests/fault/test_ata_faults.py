"""ATA gateways killed at any byte of a submission, around a deadline, and past it: one fax each, printed or mailed."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from schemas.base import StoredObject
from schemas.fax import AtaRequested, EmailRequested, FaxSubmitted
from schemas.identity import ata_fax_id
from schemas.keys import ATTACHMENTS, fax_prefix
from schemas.topics import EMAIL_REQUESTED, FAX_STATUS, FAX_SUBMITTED
from services._runtime.database import connect, transaction
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.ingest.ata.client import AtaClient, GatewayRefused
from services.ingest.ata.tables import FAXES
from services.ingest.documents.limits import MAX_BYTES
from tests.fault.ata_gateways import (
    BOOTED,
    CODE,
    TO,
    RawDevice,
    accepted,
    address,
    again,
    ata_account,
    count,
    events,
    gateways,
)
from tests.fault.pipeline import CLEAN, NORTH, Pipeline
from tests.fault.workers import Worker, eventually
from tests.providers.cluster import Cluster


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of `gateway`."""
    return f"sqlite:///{tmp_path_factory.mktemp('ata')}/ata.sqlite"


@pytest.fixture(scope="module")
def gateway(pipeline: Pipeline, ours: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One gateway for tests that leave it running; each has a device of its own."""
    with gateways(pipeline.cluster, ours, tmp_path_factory.mktemp("gateway")) as (started,):
        yield started


@pytest.fixture
async def publisher(pipeline: Pipeline) -> AsyncIterator[Publisher]:
    publisher = Publisher(pipeline.kafka, source="tests", confirm_seconds=30)
    await publisher.start()
    yield publisher
    await publisher.stop()


async def enrolled(pipeline: Pipeline, gateway: Worker, number: str) -> AtaClient:
    """A device with an account and a secret."""
    serial = f"serial-{number}"
    await pipeline.publish_accounts(ata_account(number, serial))
    device = AtaClient(address(gateway), serial)
    with device:
        await asyncio.to_thread(device.enrol, CODE)
    return device


def waiting(serial: str, number: str, deadline: datetime) -> AtaRequested:
    """A received fax for a device, with one mail to fall back on."""
    fax_id, now = uuid4(), datetime.now(UTC)
    mail = EmailRequested(
        fax_id=fax_id,
        version=4,
        purpose="received",
        account_id=f"account-{number}",
        accepted_at=now,
        requested_at=now,
        recipient="desk@clinic.example",
        policy="link",
        brand=NORTH,
        fax_number=number,
        pages=1,
    )
    return AtaRequested(
        fax_id=fax_id,
        version=4,
        account_id=f"account-{number}",
        serial=serial,
        accepted_at=now,
        document=StoredObject(key=f"{fax_prefix(now, fax_id)}original.tif", size=9, media_type="image/tiff"),
        pages=1,
        deadline=deadline,
        fallback=(mail,),
    )


async def killed_at(
    positions: list[int], completed: int, seconds: float, device: AtaClient, gateway: Worker, round_: str
) -> tuple[dict[str, bytes], set[str]]:
    """Submit as many documents as positions, the last `completed` of them wholly; kill after `seconds`.

    The documents by job, and the jobs that were answered 202.
    """
    raw = RawDevice(device)
    documents = {f"{round_}-{number}": CLEAN.read_bytes() + bytes([number]) for number in range(len(positions))}
    requests = {job: raw.request(document, job) for job, document in documents.items()}
    begun = {
        job: raw.begin(request, min(position, len(request) - 1))
        for position, (job, request) in zip(positions, requests.items(), strict=True)
    }
    for position, (job, connection) in list(zip(positions, begun.items(), strict=True))[len(positions) - completed :]:
        connection.sendall(requests[job][min(position, len(requests[job]) - 1) :])
    await asyncio.sleep(seconds)  # where in its work the gateway is hit: any moment will do
    gateway.kill()
    return documents, {job for job, connection in begun.items() if accepted(connection)}


async def check_submissions(pipeline: Pipeline, device: AtaClient, documents: dict[str, bytes], told: set[str]) -> None:
    """Each job is one fax, with its document stored, and those that were accepted are the same ones."""
    ids = {job: ata_fax_id(device.serial, BOOTED.isoformat(), job) for job in documents}
    found = [one for one in await events(FAX_SUBMITTED, pipeline.kafka) if isinstance(one, FaxSubmitted)]
    mine = {one.fax_id: one for one in found if one.sender == device.serial}
    assert set(ids.values()) == set(mine)
    assert set(await count(FAX_SUBMITTED, pipeline.kafka, set(mine))) == set(mine)
    assert max((await count(FAX_SUBMITTED, pipeline.kafka, set(mine))).values()) == 1
    for job, document in documents.items():
        fax = mine[ids[job]]
        assert await pipeline.blobs.get(f"{fax_prefix(fax.accepted_at, fax.fax_id)}{ATTACHMENTS}01") == document
    assert told <= set(documents)


async def hurt_submissions(
    pipeline: Pipeline, gateway: Worker, number: str, rounds: list[tuple[list[int], int, float]]
) -> int:
    """Kill a gateway in every round; what devices retry makes one fax each. How many were accepted before a kill."""
    documents: dict[str, bytes] = {}
    told: set[str] = set()
    device = await enrolled(pipeline, gateway, number)
    for round_, (positions, completed, seconds) in enumerate(rounds):
        more, accepted_ = await killed_at(positions, completed, seconds, device, gateway, f"round{round_}")
        before = await count(FAX_SUBMITTED, pipeline.kafka, _ids(device, accepted_))
        assert set(before) == _ids(device, accepted_), "an accepted fax is lost"
        again(gateway)
        device.url = address(gateway)
        with device:
            for job, document in more.items():
                taken = await asyncio.to_thread(device.submit, document, to=TO, job=job, booted_at=BOOTED)
                assert taken.id in _ids(device, {job})
                assert taken.repeat or job not in accepted_
        documents |= more
        told |= accepted_
    await check_submissions(pipeline, device, documents, told)
    return len(told)


def _ids(device: AtaClient, jobs: set[str]) -> set[UUID]:
    return {ata_fax_id(device.serial, BOOTED.isoformat(), job) for job in jobs}


SIZE = CLEAN.stat().st_size + 200


async def test_killed_at_any_byte_of_a_submission_the_retry_makes_one_fax(pipeline: Pipeline, gateway: Worker) -> None:
    spread = [1, 20, 150, 250, 400, SIZE // 2, SIZE - 1]
    rounds = [([*spread, *[SIZE] * 6], 6, 0.08)]
    await hurt_submissions(pipeline, gateway, "+15550301", rounds)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_killed_at_many_bytes_of_a_submission(pipeline: Pipeline, gateway: Worker) -> None:
    dice = random.Random(1)
    rounds = [
        ([*sorted(dice.sample(range(1, SIZE), 20)), *[SIZE] * 8], 8, dice.choice([0, 0.01, 0.03, 0.06, 0.1, 0.2]))
        for _ in range(25)
    ]
    assert await hurt_submissions(pipeline, gateway, "+15550302", rounds) > 0


async def acknowledge_all(device: AtaClient, faxes: list[UUID], gateways_: list[Worker]) -> None:
    """A device that says of every fax that it was printed, to whichever gateway lives, until it has an answer."""
    device.patience = 0.2
    for number, fax_id in enumerate(faxes):
        deadline = time.monotonic() + 60
        while True:
            try:
                device.url = address(gateways_[number % len(gateways_)])
                with device:
                    await asyncio.to_thread(device.acknowledge, fax_id)
                break
            except (httpx.TransportError, ValueError):  # its gateway was killed: try the other
                assert time.monotonic() < deadline
                number += 1  # noqa: PLW2901 - the next one
                await asyncio.sleep(0.05)


async def ended(pipeline: Pipeline, faxes: set[UUID]) -> None:
    """Each fax was printed, or mailed: one of both, and never neither."""
    deadline = time.monotonic() + 60
    while True:
        mails = await count(EMAIL_REQUESTED, pipeline.kafka, faxes)
        prints = await count(FAX_STATUS, pipeline.kafka, faxes, "printed")
        if set(mails + prints) == faxes or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    assert mails + prints == dict.fromkeys(faxes, 1)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_killed_around_many_deadlines(
    pipeline: Pipeline, publisher: Publisher, database: str, tmp_path: Path
) -> None:
    """Two gateways sweep while the device acknowledges at the very deadline; one and then the other is killed."""
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        await race(pipeline, publisher, database, folder, faxes=40, kills=4)


async def race(
    pipeline: Pipeline, publisher: Publisher, database: str, folder: Path, *, faxes: int, kills: int
) -> None:
    number = f"+1555{uuid4().int % 10_000_000:07}"
    with gateways(pipeline.cluster, database, folder, 2) as started:
        device = await enrolled(pipeline, started[0], number)
        due = datetime.now(UTC) + timedelta(seconds=3)
        requests = [waiting(device.serial, number, due + timedelta(milliseconds=50 * one)) for one in range(faxes)]
        mine = {one.fax_id for one in requests}
        await publisher.publish_events(requests)
        await at_device(pipeline, mine)
        await past(due)
        printing = asyncio.create_task(acknowledge_all(device, [one.fax_id for one in requests], started))
        for kill in range(kills):
            victim = started[kill % 2]
            victim.kill()
            await asyncio.to_thread(again, victim)
        await printing
        await ended(pipeline, mine)


async def test_all_down_past_the_deadline_then_up_it_is_mailed(
    pipeline: Pipeline, publisher: Publisher, ours: str, gateway: Worker
) -> None:
    await sleep_through(pipeline, publisher, ours, gateway, unseen=0)


@pytest.mark.chaos
async def test_all_down_past_the_deadline_of_faxes_they_never_saw(
    pipeline: Pipeline, publisher: Publisher, database: str, tmp_path: Path
) -> None:
    with gateways(pipeline.cluster, database, tmp_path) as (gateway,):
        await sleep_through(pipeline, publisher, database, gateway, unseen=5)


async def sleep_through(
    pipeline: Pipeline, publisher: Publisher, database: str, gateway: Worker, *, unseen: int
) -> None:
    """The only gateway is killed, and is down when deadlines come: of a fax that it held, and of some it never saw."""
    number = f"+1555{uuid4().int % 10_000_000:07}"
    device = await enrolled(pipeline, gateway, number)
    held = waiting(device.serial, number, datetime.now(UTC) + timedelta(hours=1))
    await publisher.publish_events([held])
    await at_device(pipeline, {held.fax_id})
    gateway.kill()
    await an_hour_passes(database, held.fax_id)
    others = [waiting(device.serial, number, datetime.now(UTC)) for _ in range(unseen)]
    await publisher.publish_events(others)
    everything = {one.fax_id for one in (held, *others)}
    assert not await count(EMAIL_REQUESTED, pipeline.kafka, everything)
    await asyncio.to_thread(again, gateway)
    await ended(pipeline, everything)
    assert set(await count(EMAIL_REQUESTED, pipeline.kafka, everything)) == everything


async def an_hour_passes(database: str, fax_id: UUID) -> None:
    """The deadline of a fax comes: what the table says of it is an hour nearer."""
    engine = connect(database)
    async with transaction(engine) as connection:
        await connection.execute(update(FAXES).where(FAXES.c.fax_id == fax_id).values(due_at=datetime.now(UTC)))
    await engine.dispose()


async def at_device(pipeline: Pipeline, faxes: set[UUID]) -> None:
    """Each fax is held by a gateway."""
    async with asyncio.timeout(60):
        while set(await count(FAX_STATUS, pipeline.kafka, faxes, "at-device")) != faxes:  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0.1)


async def past(moment: datetime) -> None:
    """It is later than `moment`, by the clock that deadlines are told by."""
    while datetime.now(UTC) <= moment:  # noqa: ASYNC110 - a clock sets no event
        await asyncio.sleep(0.01)


async def test_a_device_sends_prints_and_is_told_no(pipeline: Pipeline, publisher: Publisher, gateway: Worker) -> None:
    """The whole of a device's life by the client, over real HTTP, Kafka and store."""
    number = "+15550303"
    device = await enrolled(pipeline, gateway, number)
    with device:
        await asyncio.to_thread(_life, device)
        fax = waiting(device.serial, number, datetime.now(UTC) + timedelta(minutes=5))
        await pipeline.blobs.put(fax.document.key, CLEAN.read_bytes(), "image/tiff")
        polling = asyncio.create_task(asyncio.to_thread(device.received, 20))
        await publisher.publish_events([fax])
        (found,) = await polling
        assert found.id == fax.fax_id
        assert await asyncio.to_thread(device.document, found.id) == CLEAN.read_bytes()
        assert (await asyncio.to_thread(device.acknowledge, found.id)).state == "printed"
    eventually("it is healthy", lambda: httpx.get(f"{address(gateway)}/live").json()["ok"])
    assert device.secret not in (gateway.folder / "log").read_text()


def _life(device: AtaClient) -> None:
    taken = device.submit(CLEAN.read_bytes(), to=TO, job="1", booted_at=BOOTED)
    assert device.submit(CLEAN.read_bytes(), to=TO, job="1", booted_at=BOOTED).id == taken.id
    device.rotate()
    assert device.received() == ()
    with pytest.raises(GatewayRefused, match="emergency"):
        device.submit(CLEAN.read_bytes(), to="911", job="2", booted_at=BOOTED)
    for document, code in ((bytes(MAX_BYTES + 1), "document-too-large"), (b"GIF89a", "unsupported-document")):
        with pytest.raises(GatewayRefused) as refused:
            device.submit(document, to=TO, job="3", booted_at=BOOTED)
        assert refused.value.code == code
