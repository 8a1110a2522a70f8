"""Files are fetched from where the settings allow and from nowhere else, however it is written or answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address, ip_network

import httpx
import pytest

from services.ingest.documents.limits import MAX_BYTES
from services.ingest.telephony.adapters import Fetching
from services.ingest.telephony.addresses import permitted
from services.ingest.telephony.problems import Refused
from services.ingest.telephony.targets import target_of

PUBLIC = "93.184.215.14"
URL = "https://pbx.example/faxes/1.tif"
TIFF = b"II*\0 a fax"

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",  # cloud metadata
    "100.64.0.1",
    "100.100.100.200",  # cloud metadata
    "192.0.0.8",
    "192.0.0.192",  # cloud metadata
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:0:a00:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # cloud metadata
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_lead_inside(address: str) -> None:
    assert not permitted(ip_address(address), ())


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07::1", f"::ffff:{PUBLIC}"])
def test_addresses_of_the_world(address: str) -> None:
    assert permitted(ip_address(address), ())


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("fd12::7", True), ("fd13::7", False)],
)
def test_networks_that_the_settings_allow(address: str, *, allowed: bool) -> None:
    assert permitted(ip_address(address), [ip_network("10.1.0.0/16"), ip_network("fd12::/16")]) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://pbx.example/1.tif",
        "ftp://pbx.example/1.tif",
        "file:///etc/passwd",
        "gopher://pbx.example/1",
        "//pbx.example/1.tif",
        "pbx.example/1.tif",
        "https:///1.tif",
        "https://",
        "https://.below.example/1.tif",
        f"https://{'a' * 64}.below.example/1.tif",
        "https://pbx.example:22/1.tif",
        "https://user@pbx.example/1.tif",
        "https://user:secret@pbx.example/1.tif",
        "https://pbx.example@evil.example/1.tif",
        "https://pbx.example#@evil.example/1.tif",
        "https://pbx.example.evil.example/1.tif",
        "https://evilpbx.example/1.tif",
        "https://evil.example/pbx.example",
        "https://127.0.0.1/1.tif",
        "https://2130706433/1.tif",
        "https://0x7f.0.0.1/1.tif",
        "https://[::1]/1.tif",
        "https://[::ffff:127.0.0.1]/1.tif",
        "https://localhost/1.tif",
        "https://store.example/1.tif",
        "https://a.below.example:8443/1.tif",
        "https://pbx.example\\@evil.example/1.tif",
        "https://pbx.example\n/1.tif",
        "https://pbx.example:99999/1.tif",
        "https://xn--/1.tif",
        "https://:::/1.tif",
    ],
)
def test_urls_that_lead_elsewhere(url: str) -> None:
    with pytest.raises(Refused, match="url-not-allowed"):
        target_of(url, ("pbx.example", "store.example:8443", ".below.example"), ())


@pytest.mark.parametrize(
    ("url", "host", "port", "name"),
    [
        (URL, "pbx.example", 443, "pbx.example"),
        ("HTTPS://PBX.Example:443/1.tif?x=1", "pbx.example", 443, "pbx.example"),
        ("https://pbx.example./1.tif", "pbx.example", 443, "pbx.example"),
        ("https://store.example:8443/1.tif", "store.example", 8443, "store.example:8443"),
        ("https://a.below.example/1.tif", "a.below.example", 443, "a.below.example"),
        ("http://old.example:8080/1.tif", "old.example", 8080, "old.example:8080"),
        ("https://[2606:2800:21f:cb07::1]/1.tif", "2606:2800:21f:cb07::1", 443, "[2606:2800:21f:cb07::1]"),
    ],
)
def test_urls_that_are_listed(url: str, host: str, port: int, name: str) -> None:
    listed = ("PBX.example", "store.example:8443", ".below.example", "old.example:8080", "[2606:2800:21f:cb07::1]")
    target = target_of(url, listed, ("old.example:8080",))
    assert (target.host, target.port, target.name) == (host, port, name)


class Resolver:
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class World:
    """What answers, and what was asked of it."""

    def __init__(self, response: httpx.Response | None = None, *answers: Sequence[str]) -> None:
        self.resolver = Resolver(*(answers or ([PUBLIC],)))
        self.requests: list[httpx.Request] = []
        self.response = response if response is not None else httpx.Response(200, stream=httpx.ByteStream(TIFF))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.response

    async def fetch(self, url: str = URL, *, seconds: float = 5) -> bytes:
        transport = httpx.MockTransport(self._answer)
        fetching = Fetching(("pbx.example",), (), (ip_network("10.9.0.0/16"),), seconds, None, self.resolver, transport)
        return await fetching.fetch(url)

    async def refused(self, url: str = URL, *, seconds: float = 5) -> str:
        with pytest.raises(Refused) as refused:
            await self.fetch(url, seconds=seconds)
        return refused.value.code


async def test_the_name_is_looked_up_once_and_that_address_is_asked() -> None:
    world = World(None, [PUBLIC], ["127.0.0.1"])
    assert await world.fetch() == TIFF
    assert world.resolver.asked == [("pbx.example", 443)]
    (request,) = world.requests
    assert (request.url.host, request.url.port, request.url.path) == (PUBLIC, None, "/faxes/1.tif")
    assert request.headers["host"] == "pbx.example"
    assert request.extensions["sni_hostname"] == "pbx.example"
    assert "authorization" not in request.headers


async def test_an_address_of_ipv6() -> None:
    world = World(None, ["2606:2800:21f:cb07::1"])
    assert await world.fetch() == TIFF
    assert world.requests[0].url.host == "2606:2800:21f:cb07::1"


@pytest.mark.parametrize("answer", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"], []])
async def test_a_name_that_leads_inside_is_not_asked(answer: list[str]) -> None:
    world = World(None, answer)
    assert await world.refused() == "url-address-not-allowed"
    assert world.requests == []


async def test_a_private_network_that_the_settings_allow() -> None:
    assert await World(None, ["10.9.0.7"]).fetch() == TIFF


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirections_are_followed_nowhere(status: int) -> None:
    world = World(httpx.Response(status, headers={"Location": "https://pbx.example/2.tif"}))
    assert await world.refused() == "url-refused"
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((status, "url-refused") for status in (204, 206, 403, 404)),
        *((status, "url-unreachable") for status in (429, 500, 503)),
    ],
)
async def test_other_answers(status: int, code: str) -> None:
    assert await World(httpx.Response(status)).refused() == code


async def test_more_than_a_fax_may_have_is_not_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000_000
            yield bytes(1_000_000)

    assert await World(httpx.Response(200, content=endless())).refused() == "body-too-large"
    assert read <= MAX_BYTES + 2_000_000


async def test_a_compressed_answer_is_not_unpacked() -> None:
    response = httpx.Response(200, stream=httpx.ByteStream(b"\x1f\x8b"), headers={"Content-Encoding": "gzip"})
    assert await World(response).refused() == "url-refused"


async def test_a_slow_answer_is_not_waited_for() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield TIFF
        await asyncio.sleep(30)

    assert await World(httpx.Response(200, content=slow())).refused(seconds=0.05) == "url-unreachable"


async def test_a_name_that_nobody_knows_or_looks_up_for_ever() -> None:
    class Unknown(Resolver):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            raise OSError(f"no address of {host}:{port}")

    class Slow(Resolver):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            await asyncio.sleep(30)
            return await super().__call__(host, port)

    for resolver in (Unknown([]), Slow([])):
        world = World()
        world.resolver = resolver
        assert await world.refused(seconds=0.05) == "url-unreachable"
        assert world.requests == []


async def test_what_the_system_s_resolver_makes_of_odd_names() -> None:
    for name in ("0x7f.1", "2130706433", "0177.0.0.1", "127.1", "localhost"):
        fetching = Fetching((name,), (), (), 5, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
        with pytest.raises(Refused) as refused:
            await fetching.fetch(f"https://{name}/1.tif")
        assert refused.value.code in {"url-address-not-allowed", "url-unreachable", "url-not-allowed"}
