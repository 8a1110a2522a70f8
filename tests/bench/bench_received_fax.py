"""CPU of all our stages for one received fax, next to HylaFAX's faxrcvd on the same files.

Both take a fax's TIFF to a mail with its PDF attached. Ours also keeps original, PDF and thumbnail in the object store
and goes through three topics with every publish confirmed; HylaFAX's keeps and queues nothing. Counted is user and
system time: of ingest (with its worker processes), router and email_out while so many faxes go through that are handed
over as fast as one caller can; of faxrcvd with every program it starts. Kafka, the store and the mail server are not
counted on our side, nor the mail server on HylaFAX's. Rounds of both are taken in turn; the figures are medians.

Beside the figure come its parts by process, the cost of faxes that come one by one (a batch shares what its messages
have in common), and what all stages use while nothing comes.

Needs a cluster, and HylaFAX from Debian (see hylafax.py): `python -m tests.bench received_fax`.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import psutil

from services._runtime.blobs import ObjectStore
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.following import StatusReader
from services.cli.receiving import Incoming, follow, hand_over
from tests.bench.hylafax import Faxrcvd, HylafaxMissing
from tests.fault.pipeline import DATA, NORTH, STAGES, account
from tests.fault.workers import Worker, workers

NUMBER = "+15550150"
FILES = [
    DATA / "received" / f"{name}.tif"
    for name in (
        "g3-1d_standard_1p",
        "g3-1d_standard_3p",
        "g3-2d_standard_1p",
        "g3-2d_standard_3p",
        "g4_standard_1p_ecm",
        "g4_standard_3p_ecm",
    )
]
"""Clean ones of one page and of three, in each coding."""

WARM_UP = 24
FAXES = 102
RUNS = 12
ALONE = 24
IDLE_SECONDS = 5.0
ROUNDS = 5
BOUND = 0.25
END_SECONDS = 120.0
NAME = "CPU of all our stages for a received fax"

Cost = dict[str, float]
"""Part → milliseconds of CPU for one fax."""


def measurements() -> Iterator[dict[str, object]]:
    """Median milliseconds of CPU a fax of both, and where ours go."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            peer = Faxrcvd(Path(folder))
        except HylafaxMissing as missing:
            yield {"name": NAME, "ok": False, "problem": str(missing)}
            return
        commands = [["-m", "services", name] for name in STAGES]
        with workers(Path(folder), {}, commands) as stages:
            yield from asyncio.run(_measure(dict(zip(STAGES, stages, strict=True)), peer))


async def _measure(stages: dict[str, Worker], peer: Faxrcvd) -> list[dict[str, object]]:
    async with AsyncExitStack() as stack:
        pipeline = await Pipeline.open(stages, stack)
        await pipeline.send(WARM_UP)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(await pipeline.cost(FAXES))
            theirs.append(median([peer.seconds(file) * 1000 for file in islice(cycle(FILES), RUNS)]))
        alone = await pipeline.cost(ALONE, at_once=1)
        idle = await pipeline.idle(IDLE_SECONDS)
    return [*_lines(ours, theirs), *_beside(alone, idle)]


@dataclass(frozen=True)
class Pipeline:
    """The stages under measurement, and what sends faxes through them."""

    stages: dict[str, Worker]
    publisher: Publisher
    reader: StatusReader
    blobs: ObjectStore

    @classmethod
    async def open(cls, stages: dict[str, Worker], stack: AsyncExitStack) -> "Pipeline":
        """Connect, and publish the account whose faxes are measured."""
        kafka = KafkaSettings()
        publisher = Publisher(kafka, source="bench", confirm_seconds=30)
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        await publisher.publish_events([account(NUMBER, "email-with-attachment", NORTH)])
        reader = await stack.enter_async_context(StatusReader.open(kafka, from_start=False))
        return cls(stages, publisher, reader, ObjectStore(StoreSettings()))

    async def send(self, number: int) -> None:
        """Send so many faxes through, and fail unless each ends as a mail."""
        faxes = [Incoming(file.read_bytes(), NUMBER, "+15550199") for file in islice(cycle(FILES), number)]
        events = await hand_over(faxes, self.blobs, self.publisher)
        ways = [way async for way in follow(events, self.reader, self.blobs, END_SECONDS)]
        outcomes = [way.line()["outcome"] for way in ways]
        assert outcomes == ["emailed"] * number, f"of {number} faxes, these ended otherwise: {set(outcomes)}"

    async def cost(self, number: int, at_once: int | None = None) -> Cost:
        """What each part used for one of so many faxes, of which `at_once` are sent before the next are."""
        at_once = at_once or number
        before = self._used()
        for _ in range(number // at_once):
            await self.send(at_once)
        return {part: (used - before[part]) / number * 1000 for part, used in self._used().items()}

    async def idle(self, seconds: float) -> float:
        """Milliseconds of CPU a second that all parts use while nothing comes."""
        before = sum(self._used().values())
        await asyncio.sleep(seconds)
        return (sum(self._used().values()) - before) / seconds * 1000

    def _used(self) -> Cost:
        """Seconds of CPU that each stage has used so far; ingest's worker processes on their own."""
        used = {}
        for name, worker in self.stages.items():
            process = psutil.Process(worker.pid)
            used[name] = _seconds(process)
            below = process.children(recursive=True)
            if below:
                used[f"{name}'s worker processes"] = sum(map(_seconds, below))
        return used


def _seconds(process: psutil.Process) -> float:
    """User and system time of a process, with its children that have ended."""
    return sum(process.cpu_times()[:4])


def _lines(ours: list[Cost], theirs: list[float]) -> list[dict[str, object]]:
    value, reference = median(sum(one.values()) for one in ours), median(theirs)
    ratio = value / reference
    figure: dict[str, object] = {
        "name": NAME,
        "value": round(value, 2),
        "unit": "ms",
        "reference": "HylaFAX's faxrcvd on the same files",
        "reference_value": round(reference, 2),
        "ratio": round(ratio, 3),
        "bound": BOUND,
        "ok": ratio <= BOUND,
    }
    parts = [_told(f"of which {part}", median(one[part] for one in ours), "ms") for part in ours[0]]
    return [figure, *parts]


def _beside(alone: Cost, idle: float) -> list[dict[str, object]]:
    return [
        _told("the same for faxes that come one by one", sum(alone.values()), "ms"),
        _told("CPU of all our stages while nothing comes", idle, "ms/s"),
    ]


def _told(name: str, value: float, unit: str) -> dict[str, object]:
    """A figure that has no bound."""
    return {"name": name, "value": round(value, 2), "unit": unit, "bound": None, "ok": True}
