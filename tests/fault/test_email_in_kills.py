"""A gateway is killed at every octet of a submission: each mail is one fax, and none that was accepted is lost."""

import contextlib
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from schemas.accounts import FaxAccount
from schemas.fax import FaxSubmitted
from services._runtime.blobs import ObjectStore
from services._runtime.settings import StoreSettings
from tests.fault.email_gateway import announced, clinic, gateway, port_of, publish
from tests.fault.workers import Worker, eventually
from tests.providers.cluster import Cluster
from tests.unit.email_in import FAX, PDF, attached, mail, multipart, plain

DELAYS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08)
"""Seconds from a mail's last octet to the kill: while it is read, stored, announced, answered."""


pytestmark = pytest.mark.usefixtures("kafka")

ACCOUNTS = [clinic(f"+1202555017{number}") for number in range(1, 5)]
"""One for each test: what it announced is told by its account."""


@pytest.fixture(scope="module")
async def worker(kafka: object, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """The gateway, which knows all accounts."""
    await publish(*ACCOUNTS)
    with gateway(cluster, tmp_path_factory.mktemp("gateway")) as started:
        yield started


@dataclass
class Client:
    """A relay with one mail, which it hands over until it is told 250."""

    name: str
    sender: str
    files: int = 1
    line: socket.socket | None = None
    answer: bytes = b""

    def steps(self) -> list[bytes]:
        """What it says, one answer to each, after the greeting."""
        files = [attached(PDF + bytes([n]), "application/pdf", f"{n}.pdf") for n in range(self.files)]
        parts = multipart("mixed", plain(), *files) if self.files > 1 else plain("Hello.")
        content = mail(*parts, proven=None, From=self.sender, Subject=self.name, Message_ID=f"<{self.name}@x>")
        commands = ["EHLO x", f"MAIL FROM:<{self.sender}>", f"RCPT TO:<{FAX}>", "DATA"]
        return [f"{one}\r\n".encode() for one in commands] + [content + b"\r\n.\r\n"]

    def octets(self) -> int:
        return sum(map(len, self.steps()))

    def say(self, port: int, octets: int | None = None) -> None:
        """Say so many octets, waiting for each answer but the last; all if not given."""
        left = self.octets() if octets is None else octets
        self.line = socket.create_connection(("127.0.0.1", port), 30)
        self._listen()
        for step in self.steps():
            self.line.sendall(step[:left])
            left -= len(step)
            if left < 0 or step.endswith(b"\r\n.\r\n"):
                return
            self._listen()

    def hear(self) -> None:
        """Take the last answer, if one comes."""
        with contextlib.suppress(OSError):
            self._listen()
        self.close()

    def close(self) -> None:
        if self.line is not None:
            self.line.close()

    @property
    def accepted(self) -> bool:
        return self.answer.startswith(b"250 2.0.0")

    def _listen(self) -> None:
        assert self.line is not None
        heard = b""
        while not heard.endswith(b"\r\n") or heard.splitlines()[-1][3:4] == b"-":
            piece = self.line.recv(4096)
            if not piece:
                return
            heard += piece
        self.answer = heard


def kill(worker: Worker) -> None:
    worker.kill()
    eventually("the gateway is there again", worker.ready)


def interrupted(worker: Worker, clients: Sequence[Client], positions: Sequence[int]) -> None:
    """Every client has said so many octets when the gateway is killed; then each hands its mail over as a whole."""
    for client, octets in zip(clients, positions, strict=True):
        client.say(port_of(worker), octets)
    kill(worker)
    for client in clients:
        client.close()
        client.answer = b""
        client.say(port_of(worker))
        client.hear()
        assert client.accepted


async def check(account: FaxAccount, clients: Sequence[Client]) -> dict[str, list[FaxSubmitted]]:
    """Each mail is one fax, of which every repeat says the same, and whose files are stored."""
    faxes: dict[str, list[FaxSubmitted]] = defaultdict(list)
    for event in await announced(account.account_id):
        faxes[event.subject].append(event)
    assert set(faxes) == {client.name for client in clients}
    store = ObjectStore(StoreSettings())
    for events in faxes.values():
        assert len(set(events)) == 1
        assert all([await store.get(one.document.key) for one in events[0].attachments])
    return faxes


async def test_killed_at_any_octet_every_mail_is_one_fax(worker: Worker) -> None:
    account = ACCOUNTS[0]
    whole = Client("000", account.primary_user.email).octets()
    positions = sorted({0, 1, *range(0, whole, whole // 25), *range(whole - 8, whole)})
    clients = [Client(f"{octets:03}", account.primary_user.email) for octets in positions]
    interrupted(worker, clients, positions)
    await check(account, clients)


async def test_killed_while_mails_are_taken_none_that_was_accepted_is_lost(worker: Worker) -> None:
    await taken_and_killed(worker, ACCOUNTS[1], DELAYS[::4])


@pytest.mark.chaos
@pytest.mark.timeout(1800)
async def test_killed_at_every_octet(worker: Worker) -> None:
    account = ACCOUNTS[2]
    whole = Client("000", account.primary_user.email).octets()
    everyone: list[Client] = []
    for first in range(0, whole, 100):
        positions = range(first, min(first + 100, whole))
        clients = [Client(f"{octets:03}", account.primary_user.email) for octets in positions]
        interrupted(worker, clients, positions)
        everyone += clients
    assert len(await check(account, everyone)) == whole


@pytest.mark.chaos
@pytest.mark.timeout(1800)
async def test_killed_again_and_again_while_mails_are_taken(worker: Worker) -> None:
    await taken_and_killed(worker, ACCOUNTS[3], DELAYS * 8)


async def taken_and_killed(worker: Worker, account: FaxAccount, delays: Sequence[float]) -> None:
    """Ten mails at a time are said to their last octet; some are accepted when the gateway is killed, some are not."""
    everyone: list[Client] = []
    for number, delay in enumerate(delays):
        clients = [Client(f"{number}-{one}", account.primary_user.email, files=5) for one in range(10)]
        for client in clients:
            client.say(port_of(worker))
        time.sleep(delay)  # noqa: ASYNC251 - the point in time to kill at, not a wait for anything
        kill(worker)
        for client in clients:
            client.hear()
        lost = {one.name for one in clients if one.accepted} - {
            event.subject for event in await announced(account.account_id)
        }
        assert not lost
        for client in clients:
            if not client.accepted:
                client.say(port_of(worker))
                client.hear()
                assert client.accepted
        everyone += clients
    await check(account, everyone)
