"""Codes are known by libspandsp's own words; a file is fetched by TLS from a host that proves its name."""

import ctypes
import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest

from deploy.local.certificate import make_certificate
from deploy.local.telephony import spandsp
from services.ingest.telephony.adapters import Fetching
from services.ingest.telephony.codes import TEXTS
from services.ingest.telephony.problems import Refused


@pytest.mark.needs("libspandsp2")
def test_the_words_are_libspandsp_s() -> None:
    words: ctypes.CDLL = spandsp.load()
    assert [words.t30_completion_code_to_str(code).decode() for code in range(len(TEXTS))] == list(TEXTS)
    assert words.t30_completion_code_to_str(len(TEXTS)) == b"???"


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[int]:
    """A server whose certificate is for the name localhost and for no address; its port."""
    make_certificate(tmp_path / "certificate.pem", tmp_path / "key.pem", addresses=())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


async def fetch(name: str, port: int, ca_file: Path | None) -> bytes:
    async def found(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    hosts, networks = (f"{name}:{port}",), (ip_network("127.0.0.0/8"),)
    return await Fetching(hosts, (), networks, 10, ca_file, found).fetch(f"https://{name}:{port}/1.tif")


async def test_tls_is_with_the_name_though_the_connection_is_to_the_address(switch: int, tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    assert await fetch("localhost", switch, certificate) == f"localhost:{switch}".encode()
    for name, ca_file in (("other.example", certificate), ("127.0.0.1", certificate), ("localhost", None)):
        with pytest.raises(Refused, match="url-unreachable"):
            await fetch(name, switch, ca_file)
