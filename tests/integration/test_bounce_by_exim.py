"""A report that a real mail server wrote: Exim relays our mail to a mailbox that refuses it, and tells the sender.

Exim runs in the foreground on a configuration of its own; the machine's, if it has one, is left alone.
"""

import asyncio
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from deploy.local.debian import find_command
from services.email_out.mailer import Mail
from tests.integration.test_bounce_gateway import serving
from tests.processes import eventually
from tests.unit.bounces import VERP, World
from tests.unit.mails import request
from tests.unit.test_email_out import World as MailWorld
from tests.unit.test_email_out import stage_of

EXIM = find_command("exim4")
UNPRIVILEGED = "nobody"
REFUSAL = "550 5.2.1 The mailbox is closed"

CONFIGURATION = f"""
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
reports:
  driver = manualroute
  domains = bounces.north.example
  route_list = * 127.0.0.1
  self = send
  transport = to_us
mails:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = to_mailbox

begin transports
to_us:
  driver = smtp
  port = {{reports}}
  allow_localhost
  hosts_avoid_tls = *
to_mailbox:
  driver = smtp
  port = {{mailbox}}
  allow_localhost
  hosts_avoid_tls = *
"""

pytestmark = [
    pytest.mark.needs("exim4-daemon-light"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Exim changes its user, which only root may"),
]


class ClosedMailbox:
    async def handle_RCPT(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        return REFUSAL


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged Exim may use, outside pytest's own, which only root may enter."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "spool").mkdir()
        for one in (place, place / "spool"):
            os.chown(one, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        yield place


def relay(mail: Mail, folder: Path, reports: int, mailbox: int) -> None:
    """Have Exim take `mail` and try to deliver it."""
    (folder / "configuration").write_text(CONFIGURATION.format(folder=folder, reports=reports, mailbox=mailbox))
    command = [str(EXIM), "-C", str(folder / "configuration"), "-odi", "-oi", "-f", mail.sender, mail.recipient]
    subprocess.run(command, input=mail.message, check=True, timeout=30)


async def test_exims_report_marks_the_fax(folder: Path) -> None:
    mails, world = MailWorld(), World()
    world.decided(request())
    await stage_of(mails, verp=VERP).handle(request())
    closed = await asyncio.get_running_loop().create_server(lambda: SMTP(ClosedMailbox()), "127.0.0.1", 0)
    async with closed, serving(world) as reports:
        mailbox = closed.sockets[0].getsockname()[1]
        await asyncio.to_thread(relay, mails.mailer.mails[0], folder, reports, mailbox)
        arrived = await asyncio.to_thread(eventually, lambda: bool(world.published.steps), 30)
    assert arrived, (folder / "mainlog").read_text()
    (step,) = world.published.steps
    assert (step.state, step.recipient) == ("mail-bounced", "front.desk@clinic.example")
    assert REFUSAL in step.detail
