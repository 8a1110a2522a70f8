"""A stage that serves and works in the background: supervised, replaced when a start fails, stopped in order."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import PlainTextResponse

from services._runtime.service import Resources, StageService
from services._runtime.settings import KafkaSettings, StageSettings
from services._runtime.stage import Stage
from services._runtime.wrapping import HttpMetrics


class NoPublisher:
    """The publisher's start and stop, noted."""

    def __init__(self, *_: object, **__: object) -> None:
        self.notes = NOTES

    async def start(self) -> None:
        self.notes.append("publisher started")

    async def stop(self) -> None:
        self.notes.append("publisher stopped")


NOTES: list[str] = []


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StageService]:
    NOTES.clear()
    monkeypatch.setattr("services._runtime.service.Publisher", NoPublisher)
    made = StageService("desk", build, KafkaSettings(bootstrap="nowhere:1"), StageSettings())
    FAILS.clear()
    WORK.clear()
    yield made
    await made.stop()


FAILS: list[bool] = []
WORK: list[asyncio.Future[None]] = []


async def build(resources: Resources) -> tuple[Stage, ...]:
    async def work() -> None:
        NOTES.append("work began")
        try:
            await WORK[-1]
        finally:
            NOTES.append("work ended")

    WORK.append(asyncio.get_running_loop().create_future())
    HttpMetrics(resources.registry, "desk").requests.labels("GET", "/", "200").inc()
    resources.supervise("clock", work)
    resources.serve(PlainTextResponse("open"))
    await asyncio.sleep(0)
    if FAILS and FAILS.pop():
        raise ConnectionRefusedError
    return ()


def requests(service: StageService) -> float | None:
    labels = {"method": "GET", "route": "/", "status": "200"}
    return service.registry.get_sample_value("nativefax_desk_requests_total", labels)


async def answer(service: StageService) -> int:
    transport = httpx.ASGITransport(service.web)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return (await client.get("/")).status_code


async def test_it_serves_from_its_start_to_its_stop(service: StageService) -> None:
    assert await answer(service) == 503
    await service.start()
    assert (await answer(service), service.ailments()) == (200, [])
    await service.stop()
    assert await answer(service) == 503
    assert NOTES == ["publisher started", "work began", "work ended", "publisher stopped"]


async def test_background_work_that_dies_is_an_ailment(service: StageService) -> None:
    await service.start()
    WORK[-1].set_exception(RuntimeError())
    async with asyncio.timeout(5):
        while not service.ailments():  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0)
    assert service.ailments() == ["desk: clock has ended"]


async def test_background_work_that_ends_by_itself_is_an_ailment(service: StageService) -> None:
    await service.start()
    WORK[-1].set_result(None)
    async with asyncio.timeout(5):
        while not service.ailments():  # noqa: ASYNC110 - a poll with a bound
            await asyncio.sleep(0)


async def test_a_start_that_fails_leaves_nothing_running(service: StageService) -> None:
    FAILS.append(True)
    with pytest.raises(ConnectionRefusedError):
        await service.start()
    assert NOTES == ["publisher started", "work began", "work ended", "publisher stopped"]
    assert await answer(service) == 503
    assert requests(service) is None
    await service.start()
    assert await answer(service) == 200
    assert requests(service) == 1
