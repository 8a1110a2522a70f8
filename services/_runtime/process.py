"""A process of ours: uvicorn serves its health, metrics and pages, and its lifespan runs what it does.

uvicorn also takes SIGTERM and SIGINT; the lifespan's end drains. Until Kafka answers, the process is live, not ready.
Health and metrics may have a port of their own, so that nothing that leads strangers to the pages leads to them.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

import uvicorn
from prometheus_client import CollectorRegistry, Gauge, make_asgi_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.access import refusals
from services._runtime.logs import configure
from services._runtime.settings import StageSettings

log = logging.getLogger(__name__)


class Service(Protocol):
    """What a process runs."""

    name: str
    registry: CollectorRegistry

    async def start(self) -> None:
        """Begin; repeated until it succeeds."""

    async def stop(self) -> None:
        """Finish what is at hand, then end."""

    def ailments(self) -> list[str]:
        """Why this process should be killed and started anew; empty when all is well."""

    def waits(self) -> list[str]:
        """Why this process can't work at the moment; empty when ready."""


class Server(uvicorn.Server):
    """Calls `ending` before it shuts down: it waits for responses that are open, and ends the lifespan only then."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        self._ending()
        await super().shutdown(sockets)


class Process:
    """Runs one service until a signal ends it; `ending` is called at once then, to end responses that go on."""

    def __init__(
        self,
        service: Service,
        settings: StageSettings,
        routes: Sequence[BaseRoute] = (),
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self._service = service
        self._ending = ending
        self._settings = settings
        self._started = False
        self._hindered = ""
        self._server: uvicorn.Server | None = None
        told = Gauge("nativefax_ready", "1 while this process can work, 0 while it waits", registry=service.registry)
        told.set_function(lambda: not self._waits())
        health = [
            Route("/live", self._live),
            Route("/ready", self._ready),
            Mount("/metrics", make_asgi_app(service.registry)),
        ]
        self.web = self._web(health, routes)

    def _web(self, health: Sequence[BaseRoute], routes: Sequence[BaseRoute]) -> ASGIApp:
        if self._settings.health_port is None:
            return Starlette(routes=[*health, *routes], lifespan=self._lifespan)
        pages = Starlette(routes=routes, lifespan=self._lifespan)
        return _by_port(self._settings.health_port, Starlette(routes=health), pages)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        configure(self._service.name, self._settings.log_level)
        config = self._config(self._settings.port)
        self._server = Server(config, self._ending)
        if self._settings.health_port is None:
            self._server.run()
        else:
            self._server.run([self._config(self._settings.health_port).bind_socket(), config.bind_socket()])

    def _config(self, port: int) -> uvicorn.Config:
        return uvicorn.Config(
            self.web,
            host=self._settings.host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _web: Starlette) -> AsyncIterator[None]:
        starting = asyncio.create_task(self._start())
        try:
            yield
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            self._ready_file().unlink(missing_ok=True)
            await self._service.stop()
            log.info("stopped")

    async def _start(self) -> None:
        delay = 0.5
        while not self._started:
            try:
                await self._service.start()
            except Exception as error:  # a dependency is away: say so, and try again  # noqa: BLE001
                self._hindered = f"{type(error).__name__}: {error}"[:500]
                log.warning("not started yet", extra={"reason": self._hindered})
                await asyncio.sleep(delay)
                delay = min(delay * 2, 10.0)
            else:
                self._started = True
        gc.collect()
        gc.freeze()  # what lives as long as the process needn't be looked at again
        log.info("started")
        await self._listening()
        self._leave_ready_file()

    async def _listening(self) -> None:
        """Uvicorn listens after the lifespan's start and tells nobody."""
        while self._server is not None and not self._server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def _leave_ready_file(self) -> None:
        if self._settings.run_dir:
            self._settings.run_dir.mkdir(parents=True, exist_ok=True)
            about = {"stage": self._service.name, "pid": os.getpid(), "address": self._address()}
            unfinished = self._ready_file().with_suffix(".new")  # whoever looks for ready files never reads half a one
            unfinished.write_text(json.dumps(about))
            unfinished.replace(self._ready_file())

    def _ready_file(self) -> Path:
        return (self._settings.run_dir or Path()) / f"{self._service.name}-{os.getpid()}.json"

    def _address(self) -> str:
        servers = self._server.servers if self._server else []
        host, port = servers[0].sockets[0].getsockname()[:2] if servers else ("", 0)
        return f"http://{host}:{port}"

    async def _live(self, _request: Request) -> JSONResponse:
        return _told("ailments", self._service.ailments())

    async def _ready(self, _request: Request) -> JSONResponse:
        return _told("waits", self._waits())

    def _waits(self) -> list[str]:
        if not self._started:
            return [f"starting: {self._hindered}" if self._hindered else "starting"]
        return [*self._service.waits(), *refusals.lately()]


def _by_port(port: int, there: ASGIApp, elsewhere: ASGIApp) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] != "lifespan" and scope["server"][1] == port
        await (there if asked else elsewhere)(scope, receive, send)

    return served


def _told(what: str, problems: list[str]) -> JSONResponse:
    return JSONResponse({"ok": not problems, what: problems}, status_code=503 if problems else 200)
