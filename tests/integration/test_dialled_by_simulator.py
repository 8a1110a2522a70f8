"""The dialer and the simulator as processes: faxes are dialled as often as needed, one call to a number at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from deploy.local.telephony import journal, kept
from schemas.base import StoredObject
from schemas.fax import Attachment, FaxStatusChanged, FaxSubmitted, FaxToDial
from schemas.keys import ATTACHMENTS, DIALLED, DIALLED_STANDARD, SUBMISSION, fax_prefix
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.cli.following import StatusReader
from tests.data import pages
from tests.data.pages import pixels
from tests.fault.pipeline import NORTH, Pipeline
from tests.fault.workers import workers
from tests.providers.cluster import Cluster

pytestmark = [pytest.mark.needs("libspandsp2"), pytest.mark.chaos]

KEY = "fax/2026/11/24/dialled-by-simulator.tif"
THREE_PAGES = pages.FOLDER / "three_pages.tif"
FINE_PAGE = pages.FOLDER / "itu1.tif"
OLD_MACHINE = "+12025550174"
FINAL = {"delivered", "failed", "outcome-unknown", "refused", "cancelled"}
FAST = {f"NATIVEFAX_DIALER_{name}_SECONDS": "1" for name in ("BUSY", "NO_ANSWER", "PROTOCOL", "UNSTARTED")}


@pytest.fixture(scope="module")
def pipeline(cluster: Cluster, kafka: KafkaSettings) -> Pipeline:
    return Pipeline(cluster)


def to_dial(destination: str) -> FaxToDial:
    return FaxToDial(
        fax_id=uuid4(),
        version=3,
        account_id="acc-1",
        fax_number="+12025550112",
        accepted_at=datetime.now(UTC),
        method="email",
        sender="front.desk@clinic.example",
        destination=destination,
        resolution="standard",
        document=StoredObject(key=KEY, size=THREE_PAGES.stat().st_size, media_type="image/tiff"),
        pages=3,
        policy="link",
        brand=NORTH,
    )


@asynccontextmanager
async def running(
    pipeline: Pipeline, tmp_path: Path, *stages: str
) -> AsyncIterator[tuple[Publisher, StatusReader, Path]]:
    """The dialer, the simulator and some stages; a publisher, who reads what is told, and the simulator's folder."""
    folder = tmp_path / "telephony"
    environment = {
        **pipeline.cluster.environment,
        **FAST,
        "NATIVEFAX_DIALER_LINES_PER_ACCOUNT": "5",
        "NATIVEFAX_DIALER_DATABASE": f"sqlite:///{tmp_path / 'dialer.sqlite'}",
        "NATIVEFAX_SIMULATOR_FOLDER": str(folder),
        "NATIVEFAX_SIMULATOR_PACE": "0.02",
    }
    publisher = Publisher(KafkaSettings(), source="tests", confirm_seconds=20)
    await publisher.start()
    commands = [["-m", "deploy.local.telephony"], *(["-m", "services", one] for one in ("dialer", *stages))]
    async with pipeline.reader() as reader:
        with workers(tmp_path, environment, commands):
            yield publisher, reader, folder
    await publisher.stop()


async def ends(reader: StatusReader, faxes: list[FaxToDial]) -> dict[str, tuple[str, str | None]]:
    """State and reason in which each fax ended, by its destination."""
    found: dict[str, FaxStatusChanged] = {}
    numbers = {fax.fax_id: fax.destination for fax in faxes}
    async with asyncio.timeout(90):
        while len(found) < len({*numbers.values()}):
            steps = [step for step in await reader.take(0.5) if step.fax_id in numbers and step.state in FINAL]
            found |= {numbers[step.fax_id]: step for step in steps}
    return {number: (step.state, step.reason) for number, step in found.items()}


async def submitted(pipeline: Pipeline, destination: str) -> FaxToDial:
    """A fine page that was submitted as a TIFF, and made into the TIFF that is dialled."""
    now, fax_id = datetime.now(UTC), uuid4()
    prefix = fax_prefix(now, fax_id)
    files = [f"{prefix}{name}" for name in (f"{ATTACHMENTS}01", DIALLED)]
    for key in files:
        await pipeline.blobs.put(key, FINE_PAGE.read_bytes(), "image/tiff")
    stored, dialled = (StoredObject(key=key, size=FINE_PAGE.stat().st_size, media_type="image/tiff") for key in files)
    submission = FaxSubmitted(
        fax_id=fax_id,
        version=1,
        account_id="acc-1",
        fax_number="+12025550112",
        method="email",
        sender="front.desk@clinic.example",
        destination=destination,
        accepted_at=now,
        attachments=(Attachment(filename="page.tif", document=stored),),
    )
    await pipeline.blobs.put(prefix + SUBMISSION, submission.model_dump_json().encode(), "application/json")
    anew = {"fax_id": fax_id, "accepted_at": now, "document": dialled, "pages": 1, "resolution": "fine"}
    return to_dial(destination).model_copy(update=anew)


async def test_an_old_machine_takes_the_pages_that_are_made_anew(pipeline: Pipeline, tmp_path: Path) -> None:
    fax = await submitted(pipeline, OLD_MACHINE)
    async with running(pipeline, tmp_path, "ingest") as (publisher, reader, folder):
        await publisher.publish_events([fax])
        assert await ends(reader, [fax]) == {OLD_MACHINE: ("delivered", None)}
    first, last = kept.calls(folder, OLD_MACHINE)
    assert (first.result.call.result_code, last.result.call.result_code) == (11, 0)
    coarse = tmp_path / "coarse.tif"
    coarse.write_bytes(await pipeline.blobs.get(fax_prefix(fax.accepted_at, fax.fax_id) + DIALLED_STANDARD) or b"")
    (sent,), (arrived,) = pixels(coarse), pixels(last.file or Path())
    assert np.array_equal(sent, arrived)
    assert len(sent) < 0.55 * len(pixels(FINE_PAGE)[0])


async def test_faxes_to_all_kinds_of_numbers(pipeline: Pipeline, tmp_path: Path) -> None:
    await pipeline.blobs.put(KEY, THREE_PAGES.read_bytes(), "image/tiff")
    good, slow, dead, moody = "+12025550101", "+12025550184", "+12025550162", "+12025550173"
    faxes = [to_dial(number) for number in (good, good, slow, dead, moody)]
    async with running(pipeline, tmp_path) as (publisher, reader, folder):
        await publisher.publish_events(faxes)
        found = await ends(reader, faxes)
    assert found == {
        good: ("delivered", None),
        slow: ("delivered", None),
        dead: ("failed", "number-unallocated"),
        moody: ("delivered", None),
    }
    assert journal.violations(folder / "calls.jsonl") == []
    calls = list(kept.calls(folder, slow))
    assert [call.result.call.hangup_cause for call in calls] == [17, 17, 16]
    sent, arrived = pixels(THREE_PAGES), pixels(calls[-1].file or Path())
    assert all(np.array_equal(*pair) for pair in zip(sent, arrived, strict=True))
