"""Around every request: its id, headers that keep the answer private, counting, and the last word on a fault."""

import logging
import re
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services._runtime.problems import Refusal, problem_response

log = logging.getLogger(__name__)

PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: no browser keeps it, shows it in a frame, guesses what it is, or runs what is in it."""

REQUEST_ID = "X-Request-Id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """What an application called `name` tells Prometheus."""

    def __init__(self, registry: CollectorRegistry, name: str) -> None:
        labels, prefix = ("method", "route", "status"), f"nativefax_{name}"
        self.requests = Counter(f"{prefix}_requests", "Answered, by route and status", labels, registry=registry)
        self.seconds = Histogram(f"{prefix}_seconds", "Time to answer", ("route",), registry=registry)


class Wrapping:
    """Wraps an application. A fault of it is answered with the problem `broken`, and logged without contents."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, broken: Callable[[], Refusal]) -> None:
        self._app = app
        self._metrics = metrics
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        status, began = 0, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # a fault of ours  # noqa: BLE001
            _log(error, request_id)
            if not status:
                await problem_response(self._broken(), request_id)(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(_method(scope), route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began)


def _dress(message: MutableMapping[str, Any], request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in {**PRIVATE, REQUEST_ID: request_id}.items():
        headers.setdefault(name, value)


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given) else str(uuid4())


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


def _log(error: Exception, request_id: str) -> None:
    """Where it happened; not its words, which may quote what a user sent."""
    where = [f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)][-5:]
    log.error("unexpected error", extra={"reason": type(error).__name__, "where": where, "request_id": request_id})
