"""A stage as a service: its resources, its consumers, its background work, and how it is doing."""

import asyncio
import logging
import os
import platform
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import monotonic

from prometheus_client import CollectorRegistry
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.access.missing import checked
from services._runtime.blobs import ObjectStore
from services._runtime.consumer import StageConsumer
from services._runtime.metrics import Metrics, StageMetrics, shown_in
from services._runtime.process import Process
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services._runtime.stage import Stage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resources:
    """What a stage may be built of. What it enters into `stack` is closed when the process ends.

    Attributes:
        registry: For metrics of this start; they are gone with `stack`, so a start that fails can be repeated.
        publisher: The process's own, connected; closed after everything in `stack` that was entered later.
        tasks: Background work by name; see `supervise`.
        pages: What is served; see `serve`.
        endings: See `before_end`.
        waits: Each tells why something can't work at the moment, and nothing when it can.
    """

    kafka: KafkaSettings
    settings: StageSettings
    stack: AsyncExitStack
    registry: CollectorRegistry
    publisher: Publisher
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    pages: list[ASGIApp] = field(default_factory=list)
    endings: list[Callable[[], None]] = field(default_factory=list)
    waits: list[Callable[[], list[str]]] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The name under which this process holds claims."""
        return f"{platform.node()}/{os.getpid()}"

    def blobs(self) -> ObjectStore:
        """The object store."""
        return ObjectStore(StoreSettings())

    def supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, which never ends by itself, until the process stops: ending before is an ailment."""
        task = self.tasks[name] = asyncio.create_task(_worked(name, work), name=name)
        self.stack.push_async_callback(_ended, task)

    def serve(self, pages: ASGIApp) -> None:
        """Serve `pages` beside health and metrics once the stages have started; until then the answer is 503."""
        self.pages.append(pages)

    def before_end(self, call: Callable[[], None]) -> None:
        """Call it when the process is told to end, before it waits for responses that are open."""
        self.endings.append(call)


async def _worked(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # logged here, told by `ailments`; whoever supervises the process ends it
        log.exception("background work died", extra={"work": name})


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


Build = Callable[[Resources], Awaitable[tuple[Stage, ...]]]


class StageService:
    """Runs the stages that `build` makes, each with a consumer of its own, on one producer; there may be none."""

    def __init__(self, name: str, build: Build, kafka: KafkaSettings, settings: StageSettings) -> None:
        self.name = name
        self.registry = CollectorRegistry()
        self._build = build
        self._kafka = kafka
        self._settings = settings
        self._metrics = Metrics(self.registry)
        self._consumers: list[StageConsumer] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pages: ASGIApp | None = None
        self._endings: list[Callable[[], None]] = []
        self._waits: list[Callable[[], list[str]]] = []
        self._stack: AsyncExitStack | None = None

    async def start(self) -> None:
        """Build everything and join the groups; whatever fails, nothing is left half open."""
        async with AsyncExitStack() as stack:
            rights = await stack.enter_async_context(checked(self._kafka, self.name))
            publisher = Publisher(self._kafka, source=self.name, confirm_seconds=self._settings.confirm_seconds)
            await stack.enter_async_context(running(publisher))
            registry = stack.enter_context(shown_in(self.registry))
            resources = Resources(self._kafka, self._settings, stack, registry, publisher)
            resources.waits.append(rights.waits)
            stages = await self._build(resources)
            consumers = [consumer for stage in stages for consumer in self._consumers_of(stage, publisher)]
            for consumer in consumers:
                stack.push_async_callback(consumer.stop)
                await consumer.start(self._kafka, self._settings)
            self._consumers, self._tasks, self._stack = consumers, resources.tasks, stack.pop_all()
            self._pages = resources.pages[0] if resources.pages else None
            self._endings, self._waits = resources.endings, resources.waits

    def _consumers_of(self, stage: Stage, publisher: Publisher) -> list[StageConsumer]:
        metrics = StageMetrics(stage.name, self._metrics)
        kinds = (False, True) if stage.topic.retries else (False,)
        return [StageConsumer(stage, publisher, metrics, retries=retries) for retries in kinds]

    async def stop(self) -> None:
        """Drain the consumers, then close the rest, in the opposite order of the start."""
        if self._stack is not None:
            self._pages, self._tasks = None, {}
            await self._stack.aclose()
            self._stack = None

    def ending(self) -> None:
        """The process was told to end: let no response go on."""
        for call in self._endings:
            call()

    async def web(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the stages serve, as one ASGI application that outlives starts that fail."""
        pages = self._pages or JSONResponse({"status": 503, "title": "Starting"}, 503, {"Retry-After": "5"})
        await pages(scope, receive, send)

    def ailments(self) -> list[str]:
        """See `Service`."""
        longest = self._settings.max_poll_seconds
        stuck = [one for one in self._consumers if one.busy_since and monotonic() - one.busy_since > longest]
        return [
            *(f"{one.stage.name}: a batch runs for over {longest:.0f} s" for one in stuck),
            *(f"{one.stage.name}: the consume loop has ended" for one in self._consumers if one.loop_died),
            *(f"{self.name}: {name} has ended" for name, task in self._tasks.items() if task.done()),
        ]

    def waits(self) -> list[str]:
        """See `Service`."""
        away = [f"{one.stage.name}: {one.away} is away" for one in self._consumers if one.away]
        return [*away, *(told for one in self._waits for told in one())]


def run_stages(name: str, build: Build) -> None:
    """The main function of a stage's process."""
    settings = StageSettings()
    service = StageService(name, build, KafkaSettings(), settings)
    Process(service, settings, [Mount("/", app=service.web)], service.ending).run()
