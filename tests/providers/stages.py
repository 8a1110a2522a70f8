"""Stages in a test's own process: none has to be started, imported and ended."""

import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from prometheus_client import CollectorRegistry

from schemas.topics import Topic
from services._runtime.service import Resources, StageService
from services._runtime.settings import KafkaSettings, StageSettings
from services._runtime.stage import Stage


@asynccontextmanager
async def running(kafka: KafkaSettings, services: Sequence[str]) -> AsyncIterator[dict[Topic, Stage]]:
    """What is read by whom, while the stages of these services run; the metrics of each are its own."""

    async def build(resources: Resources) -> tuple[Stage, ...]:
        built: list[Stage] = []
        for name in services:
            own = replace(resources, registry=CollectorRegistry())
            built += await importlib.import_module(f"services.{name}.app").build(own)
        return tuple(built)

    service = StageService("all", build, kafka, StageSettings())
    await service.start()
    try:
        yield {one.stage.topic: one.stage for one in service._consumers}
    finally:
        await service.stop()
