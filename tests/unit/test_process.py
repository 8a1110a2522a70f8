"""A process: where it answers about its health, and where it serves pages."""

import socket
from dataclasses import dataclass, field

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from services._runtime.process import Process
from services._runtime.settings import StageSettings

PAGES = Starlette(routes=[Route("/", lambda _: PlainTextResponse("a page"))])


@dataclass
class Waiting:
    """A service that waits for what it names."""

    name: str = "desk"
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    waiting_for: list[str] = field(default_factory=list)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def ailments(self) -> list[str]:
        return []

    def waits(self) -> list[str]:
        return self.waiting_for


def asking(process: Process, port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(process.web), base_url=f"http://127.0.0.1:{port}")


def process(health_port: int | None = None) -> Process:
    return Process(Waiting(), StageSettings(health_port=health_port), [Mount("/", app=PAGES)])


@pytest.mark.parametrize("path", ["/live", "/metrics/"])
async def test_health_is_beside_the_pages_unless_it_has_a_port(path: str) -> None:
    async with asking(process(), 8080) as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.get("/")).text == "a page"


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics", "/metrics/"])
async def test_with_a_port_of_its_own_health_is_only_there(path: str) -> None:
    served = process(health_port=9100)
    async with asking(served, 9100) as health, asking(served, 8080) as pages:
        assert (await health.get(path)).status_code != 404
        assert (await pages.get(path)).status_code == 404
        assert (await health.get("/")).status_code == 404
        assert (await pages.get("/")).text == "a page"


async def test_metrics_say_whether_it_is_ready() -> None:
    service = Waiting()
    served = Process(service, StageSettings(), ())
    assert service.registry.get_sample_value("nativefax_ready") == 0, "it hasn't started"
    await served._start()
    assert service.registry.get_sample_value("nativefax_ready") == 1
    service.waiting_for = ["the store is away"]
    assert service.registry.get_sample_value("nativefax_ready") == 0


def test_both_ports_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = {}

    def run(server: object, sockets: list[socket.socket]) -> None:
        heard["ports"] = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr("uvicorn.Server.run", run)
    monkeypatch.setattr("services._runtime.process.configure", lambda *_: None)
    process(health_port=port).run()
    assert heard["ports"][0] == port, "whoever looks for the process is told where its health is"
    assert len(heard["ports"]) == 2
