"""A stage as a service: its resources, its consumers, and how it is doing."""

import os
import platform
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic

from prometheus_client import CollectorRegistry

from services._runtime.blobs import ObjectStore
from services._runtime.consumer import StageConsumer
from services._runtime.metrics import Metrics, StageMetrics
from services._runtime.process import Process
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services._runtime.stage import Stage


@dataclass(frozen=True)
class Resources:
    """What a stage may be built of. What it enters into `stack` is closed when the process ends."""

    kafka: KafkaSettings
    settings: StageSettings
    stack: AsyncExitStack
    registry: CollectorRegistry

    @property
    def owner(self) -> str:
        """The name under which this process holds claims."""
        return f"{platform.node()}/{os.getpid()}"

    def blobs(self) -> ObjectStore:
        """The object store."""
        return ObjectStore(StoreSettings())


Build = Callable[[Resources], Awaitable[tuple[Stage, ...]]]


class StageService:
    """Runs the stages that `build` makes, each with a consumer of its own, on one producer."""

    def __init__(self, name: str, build: Build, kafka: KafkaSettings, settings: StageSettings) -> None:
        self.name = name
        self.registry = CollectorRegistry()
        self._build = build
        self._kafka = kafka
        self._settings = settings
        self._metrics = Metrics(self.registry)
        self._consumers: list[StageConsumer] = []
        self._stack: AsyncExitStack | None = None

    async def start(self) -> None:
        """Build everything and join the groups; whatever fails, nothing is left half open."""
        async with AsyncExitStack() as stack:
            stages = await self._build(Resources(self._kafka, self._settings, stack, self.registry))
            publisher = Publisher(self._kafka, source=self.name, confirm_seconds=self._settings.confirm_seconds)
            await publisher.start()
            stack.push_async_callback(publisher.stop)
            consumers = [consumer for stage in stages for consumer in self._consumers_of(stage, publisher)]
            for consumer in consumers:
                stack.push_async_callback(consumer.stop)
                await consumer.start(self._kafka, self._settings)
            self._consumers, self._stack = consumers, stack.pop_all()

    def _consumers_of(self, stage: Stage, publisher: Publisher) -> list[StageConsumer]:
        metrics = StageMetrics(stage.name, self._metrics)
        kinds = (False, True) if stage.topic.retries else (False,)
        return [StageConsumer(stage, publisher, metrics, retries=retries) for retries in kinds]

    async def stop(self) -> None:
        """Drain the consumers, then close the rest, in the opposite order of the start."""
        if self._stack is not None:
            await self._stack.aclose()
            self._stack = None

    def ailments(self) -> list[str]:
        """See `Service`."""
        longest = self._settings.max_poll_seconds
        stuck = [one for one in self._consumers if one.busy_since and monotonic() - one.busy_since > longest]
        return [f"{one.stage.name}: a batch runs for over {longest:.0f} s" for one in stuck] + [
            f"{one.stage.name}: the consume loop has ended" for one in self._consumers if one.loop_died
        ]

    def waits(self) -> list[str]:
        """See `Service`."""
        return [f"{one.stage.name}: {one.away} is away" for one in self._consumers if one.away]


def run_stages(name: str, build: Build) -> None:
    """The main function of a stage's process."""
    settings = StageSettings()
    Process(StageService(name, build, KafkaSettings(), settings), settings).run()
