"""The mailbox as a part of the local stack."""

import http.client
import smtplib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.certificate import make_certificate
from deploy.local.programs import Program


@dataclass(frozen=True)
class Mailbox:
    """An SMTP server and a page on loopback.

    Attributes:
        folder: Its certificate and faults.
        maildir: Where mail goes.
        smtp_port: On 127.0.0.1.
        page_port: On 127.0.0.1.
        username: Who may send.
        password: With which secret.
    """

    folder: Path
    maildir: Path
    smtp_port: int
    page_port: int
    username: str
    password: str

    name = "mailbox"

    @property
    def settings(self) -> dict[str, str]:
        """What a stage needs to send through it."""
        return {
            "NATIVEFAX_SMTP_HOST": "127.0.0.1",
            "NATIVEFAX_SMTP_PORT": str(self.smtp_port),
            "NATIVEFAX_SMTP_USERNAME": self.username,
            "NATIVEFAX_SMTP_PASSWORD": self.password,
            "NATIVEFAX_SMTP_CA_FILE": str((self.folder / "certificate.pem").absolute()),
        }

    def settings_of(self, _process: str) -> dict[str, str]:
        """See `Part`: whoever sends, sends alike."""
        return {}

    @property
    def url(self) -> str:
        """Where to read the mail."""
        return f"http://127.0.0.1:{self.page_port}/"

    def prepare(self, progress: Callable[[str], None]) -> Program:
        """Make its certificate once and return the program to run.

        Raises:
            SetupError: The certificate can't be made.
        """
        progress("making its certificate")
        make_certificate(self.folder / "certificate.pem", self.folder / "key.pem")
        command = [sys.executable, "-m", "deploy.local.mailbox"]
        command += ["--maildir", str(self.maildir.absolute()), "--state", str(self.folder.absolute())]
        command += ["--smtp-port", str(self.smtp_port), "--page-port", str(self.page_port)]
        secrets = ("NATIVEFAX_SMTP_USERNAME", "NATIVEFAX_SMTP_PASSWORD")
        return Program("mailbox", tuple(command), env={name: self.settings[name] for name in secrets}, stop_seconds=5)

    def ready(self) -> bool:
        """Whether both sides answer."""
        try:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, "localhost", timeout=2) as smtp:  # else it asks the DNS
                smtp.noop()
            page = http.client.HTTPConnection("127.0.0.1", self.page_port, timeout=2)
            page.request("HEAD", "/static/mailbox.css")  # the list of mails takes as long as there are mails
            return page.getresponse().status == http.HTTPStatus.OK
        except (OSError, smtplib.SMTPException, http.client.HTTPException):
            return False
