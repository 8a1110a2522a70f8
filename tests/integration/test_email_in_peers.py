"""Faxes by mail from programs in the field: Exim and OpenSMTPD relay over TLS, swaks hands over by itself."""

import asyncio
import os
import pwd
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local.debian import find_command, in_ci
from services.ingest.email_in import refusals
from tests.integration import opensmtpd
from tests.integration.test_email_in_gateway import pem, serving, vouching  # noqa: F401 - a fixture
from tests.processes import eventually
from tests.unit.email_in import DESK, DOMAIN, FAX, JPEG, PDF, SECRET, World, attached, mail, multipart, page, plain

SHAPE = mail(
    *multipart(
        "mixed",
        multipart("alternative", plain("Grüße"), page("Gr&uuml;&szlig;e")),
        attached(PDF, "application/pdf", "a.pdf"),
        attached(JPEG, "image/jpeg", "b.jpg"),
    ),
    proven=None,
)
EXIM = find_command("exim4")
UNPRIVILEGED = "nobody"
EXIM_CONFIGURATION = f"""
primary_hostname = relay.north.example
spool_directory = {{folder}}/spool
log_file_path = {{folder}}/%slog
exim_user = {UNPRIVILEGED}
exim_group = nogroup
never_users =
keep_environment =
tls_advertise_hosts =
disable_ipv6

begin routers
faxes:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = gateway

begin transports
gateway:
  driver = smtp
  port = {{gateway}}
  allow_localhost
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_certificates =

begin retry
* * F,1h,1s

begin authenticators
sign_in:
  driver = plaintext
  public_name = PLAIN
  client_send = ^office^{SECRET}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged mail server may use, outside pytest's own, which only root may enter."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "spool").mkdir()
        for one in (place, place / "spool"):
            os.chown(one, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        yield place


def exim(folder: Path, gateway: int, *arguments: str, content: bytes = b"") -> str:
    """What Exim logs: in a file, or on stderr where it has given up the right to write there."""
    configuration = folder / "configuration"
    configuration.write_text(EXIM_CONFIGURATION.format(folder=folder, gateway=gateway))
    command = [str(EXIM), "-C", str(configuration), *arguments]
    done = subprocess.run(command, input=content, stderr=subprocess.PIPE, check=True, timeout=60)
    return done.stderr.decode() + (folder / "mainlog").read_text()


@pytest.mark.needs("exim4-daemon-light")
@pytest.mark.skipif(os.geteuid() != 0, reason="Exim changes its user, which only root may")
async def test_exim_relays_over_tls_and_keeps_what_must_wait(pem: dict[str, Path], folder: Path) -> None:  # noqa: F811
    world = vouching(pem)
    recipients = (FAX, f"+12025550178@{DOMAIN}")
    async with serving(world) as port:
        send = partial(exim, folder, port, "-odi", "-oi", "-f", DESK, *recipients, content=SHAPE)
        world.topics.away = True
        assert refusals.LATER.answer in await asyncio.to_thread(send)
        world.topics.away = False
        log = await asyncio.to_thread(exim, folder, port, "-qff")
        assert "X=TLS" in log
        assert "A=sign_in" in log
        await asyncio.to_thread(send)
    events = world.topics.submitted()
    assert {one.destination for one in events} == {"+12025550177", "+12025550178"}
    assert len({one.fax_id for one in events}) == 2
    assert len(events) == 4
    assert world.files() == [("a.pdf", PDF), ("b.jpg", JPEG)]


@pytest.mark.needs("exim4-daemon-light")
@pytest.mark.skipif(os.geteuid() != 0, reason="Exim changes its user, which only root may")
async def test_exim_tells_the_sender_our_words(pem: dict[str, Path], folder: Path) -> None:  # noqa: F811
    world = vouching(pem)
    async with serving(world) as port:
        arguments = ("-odi", "-oi", "-f", DESK, f"911@{DOMAIN}")
        log = await asyncio.to_thread(partial(exim, folder, port, *arguments, content=SHAPE))
    assert refusals.DESTINATION_EMERGENCY.answer in log
    assert not world.topics.messages


async def test_opensmtpd_relays_over_tls(pem: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    if await asyncio.to_thread(opensmtpd.program) is None:
        assert not in_ci(), "CI=true, and OpenSMTPD can't be fetched"
        pytest.skip("OpenSMTPD can't be fetched here: it takes root, apt and a mirror")
    world = vouching(pem)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listening = free.getsockname()[1]

    def hand_over() -> None:
        with smtplib.SMTP("127.0.0.1", listening, timeout=30) as smtp:
            smtp.sendmail(DESK, [FAX, f"FAX=+12025550178/T33S=12@{DOMAIN}"], SHAPE)

    async with serving(world) as gateway:
        with opensmtpd.relaying(tmp_path, listening, gateway, SECRET):
            for _ in range(2):
                await asyncio.to_thread(hand_over)
            arrived = await asyncio.to_thread(eventually, lambda: len(world.topics.submitted()) == 4, 30)
            assert arrived, (tmp_path / "smtpd.log").read_text()
    events = world.topics.submitted()
    assert {(one.destination, one.subaddress) for one in events} == {("+12025550177", None), ("+12025550178", "12")}
    assert len({one.fax_id for one in events}) == 2
    assert world.files() == [("a.pdf", PDF), ("b.jpg", JPEG)]


def swaks(port: int, *more: str, sender: str = DESK, to: str = f"FAX={FAX}") -> subprocess.CompletedProcess[str]:
    """To FAX=+1…, for what begins with + swaks takes for an option."""
    command = ["swaks", "--server", f"127.0.0.1:{port}", f"--from={sender}", f"--to={to}", "--helo=x", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.needs("swaks")
async def test_swaks_hands_over_files(pem: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "b.jpg").write_bytes(JPEG)
    files = [word for name in ("a.pdf", "b.jpg") for word in ("--attach", f"@{tmp_path / name}")]
    network = {"name": "local", "networks": ["127.0.0.0/8"], "vouches_for": "envelope-sender"}
    world = vouching(pem) if _has_tls() else World(relays=(network,))
    secured = ["--tls", "--auth", "PLAIN", "--auth-user", "office", "--auth-password", SECRET] if _has_tls() else []
    async with serving(world) as port:
        taken = await asyncio.to_thread(swaks, port, *secured, "--body", "Hello.", *files)
        assert taken.returncode == 0, taken.stdout
        assert world.files() == [("a.pdf", PDF), ("b.jpg", JPEG)]
        elsewhere = await asyncio.to_thread(swaks, port, *secured, to="x@elsewhere.example")
        assert refusals.RELAYING_DENIED.answer in elsewhere.stdout
        stranger = await asyncio.to_thread(swaks, port, *secured, sender="x@elsewhere.example")
        assert refusals.SENDER_NOT_ALLOWED.answer in stranger.stdout


def _has_tls() -> bool:
    """Whether Perl has what swaks needs for TLS: a package that Debian only recommends."""
    return subprocess.run(["perl", "-MNet::SSLeay", "-e1"], capture_output=True, check=False).returncode == 0
