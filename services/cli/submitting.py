"""Submitting a fax as a user would: by mail through the local relay, over HTTP, or from a device."""

import json
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from mimetypes import guess_type
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.gateways import RELAY
from schemas.accounts import FaxAccount
from services.cli.devices import LocalDevice
from services.cli.errors import Refused
from services.ingest.ata.client import GatewayRefused
from services.ingest.email_in.addresses import fax_destination
from services.ingest.email_in.domain import submissions
from services.ingest.email_in.reading import read_mail

SECONDS = 120.0


class SubmitSettings(BaseSettings):
    """Where the gateways are, and the secrets of this machine's clients."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_", env_ignore_empty=True, frozen=True, extra="ignore")

    api_url: str = Field(description="of the HTTP API")
    api_token: SecretStr = Field(description="a service token of the HTTP API")
    email_in_host: str = "127.0.0.1"
    email_in_port: int = 2526
    email_in_domains: tuple[str, ...] = ()
    email_in_certificate: Path | None = None
    email_in_relay_password: SecretStr | None = None


@dataclass(frozen=True)
class Outgoing:
    """One fax as a user has it: its files in their order, and where it goes."""

    files: tuple[Path, ...]
    to: str
    subject: str = ""
    text: str = ""
    html: str = ""

    def read(self) -> list[tuple[str, str, bytes]]:
        """Name, media type and bytes of each file; raises `Refused`."""
        try:
            return [(one.name, _kind(one), one.read_bytes()) for one in self.files]
        except OSError as error:
            raise Refused(f"{error.filename} can't be read: {error.strerror}.") from error


def by_api(fax: Outgoing, account: FaxAccount, settings: SubmitSettings) -> UUID:
    """Submit over HTTP; the fax's id.

    Raises:
        Refused: The API said no, or can't be reached.
    """
    fields = {"to": fax.to, "account_id": account.account_id, "reply_to": account.primary_user.email}
    fields |= {name: value for name, value in (("subject", fax.subject), ("cover_text", fax.text)) if value}
    headers = {
        "Authorization": f"Bearer {settings.api_token.get_secret_value()}",
        "Idempotency-Key": str(uuid4()),
    }
    files = [("file", (name, data, kind)) for name, kind, data in fax.read()]
    try:
        answer = httpx.post(f"{settings.api_url}/v1/faxes", data=fields, files=files, headers=headers, timeout=SECONDS)
    except httpx.TransportError as error:
        raise Refused(f"The API at {settings.api_url} can't be reached: {error}.") from error
    told = _json(answer)
    if answer.is_success:
        return UUID(str(told["id"]))
    words = " ".join(str(told[one]) for one in ("title", "detail") if told.get(one))
    raise Refused(f"Refused ({answer.status_code}): {words or 'no reason was given'}")


def by_email(fax: Outgoing, account: FaxAccount, settings: SubmitSettings) -> UUID:
    """Mail it as the account's user through the local relay; the fax's id, which is a function of the mail.

    Raises:
        Refused: The gateway said no, or can't be reached.
    """
    if not settings.email_in_domains or settings.email_in_relay_password is None:
        raise Refused("No local relay is configured: NATIVEFAX_EMAIL_IN_DOMAINS and …_RELAY_PASSWORD.")
    sender = account.primary_user.email
    recipient = f"{re.sub(r'[^+0-9]', '', fax.to)}@{settings.email_in_domains[0]}"
    content = _mail(fax, sender, recipient)
    context = ssl.create_default_context(cafile=str(settings.email_in_certificate))
    try:
        with smtplib.SMTP(settings.email_in_host, settings.email_in_port, timeout=SECONDS) as server:
            server.starttls(context=context)
            server.login(RELAY, settings.email_in_relay_password.get_secret_value())
            _refuse_unless_taken(server.mail(sender))
            _refuse_unless_taken(server.rcpt(recipient))
            _refuse_unless_taken(server.data(content))
    except (smtplib.SMTPException, OSError) as error:
        raise Refused(f"The email gateway can't be used: {error}.") from error
    asked = submissions(read_mail(content), sender, account, [fax_destination(recipient, settings.email_in_domains)])
    return asked[0].fax_id


def by_ata(fax: Outgoing, device: LocalDevice) -> UUID:
    """Submit from a device that has enrolled; the fax's id.

    Raises:
        Refused: The gateway said no, can't be reached, or there is more than one file.
    """
    if len(fax.files) != 1:
        raise Refused("A fax machine sends one document at a time.")
    ((_, _, data),) = fax.read()
    try:
        with device.client() as client:
            return client.submit(data, to=fax.to, job=device.next_job(), booted_at=device.booted_at).id
    except GatewayRefused as refused:
        raise Refused(f"Refused ({refused.status}): {refused}") from refused
    except httpx.TransportError as error:
        raise Refused(f"The ATA gateway at {device.url} can't be reached: {error}.") from error


def _kind(file: Path) -> str:
    return guess_type(file.name)[0] or "application/octet-stream"


def _mail(fax: Outgoing, sender: str, recipient: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, fax.subject or "Fax"
    mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="nativefax.localhost")
    mail.set_content(fax.text)
    if fax.html:
        mail.add_alternative(fax.html, subtype="html")
    for name, kind, data in fax.read():
        main, _, sub = kind.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes(policy=SMTP)


def _refuse_unless_taken(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code != 250:  # noqa: PLR2004 - RFC 5321, 4.2.3
        raise Refused(f"Refused ({code}): {words.decode('utf-8', 'replace')}")


def _json(answer: httpx.Response) -> dict[str, object]:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
