"""A proxy before the object store that answers 503, or deletes only half of a batch and says so."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zlib import crc32

from services._runtime.settings import StoreSettings
from tests.integration.stored_faxes import s3_client

S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
UNAVAILABLE = b"<Error><Code>ServiceUnavailable</Code><Message>Reduce your request rate.</Message></Error>"


def never(_key: str) -> bool:
    return False


@dataclass
class Faults:
    """What goes wrong.

    Attributes:
        unavailable: Asked for the number of each request, from 1: whether it gets 503.
        refused: Asked for each key of a DeleteObjects request, in its order: whether it gets an error.
        requests: How many came.
        errors: How many keys got an error.
        on_request: Runs before each request is passed on.
    """

    unavailable: Callable[[int], bool] = lambda _number: False
    refused: Callable[[str], bool] = never
    on_request: Callable[[int], None] = lambda _number: None
    requests: int = 0
    errors: int = 0
    refused_before: set[str] = field(default_factory=set)

    def half_of_a_batch_once(self, key: str) -> bool:
        """For `refused`: keys that a fair coin chooses fail the first time."""
        first = key not in self.refused_before and crc32(key.encode()) % 2 == 0
        self.refused_before.add(key)
        return first


class Proxy(BaseHTTPRequestHandler):
    """One connection to the faulty store."""

    protocol_version = "HTTP/1.1"
    faults: Faults
    real: StoreSettings
    lock: threading.Lock

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.lock:
            self.faults.requests += 1
            number = self.faults.requests
        self.faults.on_request(number)
        if self.faults.unavailable(number):
            self._answer(503, {"Content-Type": "application/xml"}, UNAVAILABLE)
        elif self.command == "POST" and self.path.endswith("?delete") and self.faults.refused is not never:
            self._answer(200, {"Content-Type": "application/xml"}, self._delete(body))
        else:
            self._pass_on(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def _pass_on(self, body: bytes) -> None:
        connection = HTTPConnection(urlsplit(self.real.endpoint).netloc, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        self._answer(answer.status, dict(answer.getheaders()), data)
        connection.close()

    def _delete(self, body: bytes) -> bytes:
        wanted = [
            {child.tag.removeprefix(S3): child.text for child in one} for one in ET.fromstring(body).iter(f"{S3}Object")
        ]
        refused = [one for one in wanted if self.faults.refused(str(one["Key"]))]
        with self.lock:
            self.faults.errors += len(refused)
        rest: list[Any] = [one for one in wanted if one not in refused]
        if rest:
            s3_client(self.real).delete_objects(Bucket=self.real.bucket, Delete={"Objects": rest})
        told = "".join(
            f"<Error><Key>{one['Key']}</Key><Code>InternalError</Code><Message>no</Message></Error>" for one in refused
        )
        return f'<DeleteResult xmlns="{S3[1:-1]}">{told}</DeleteResult>'.encode()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        kept = {
            name: value for name, value in headers.items() if name.lower() not in {"connection", "transfer-encoding"}
        }
        if "content-length" not in {name.lower() for name in kept}:
            kept["Content-Length"] = str(len(body))
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_given: object) -> None:
        """Tests don't need it."""


@contextmanager
def faulty_store(real: StoreSettings, faults: Faults) -> Iterator[StoreSettings]:
    """The settings of a store that passes everything on to `real`, but for `faults`."""
    bound = {"faults": faults, "real": real, "lock": threading.Lock()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundProxy", (Proxy,), bound))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield real.model_copy(update={"endpoint": f"http://127.0.0.1:{server.server_port}"})
    finally:
        server.shutdown()
        server.server_close()
