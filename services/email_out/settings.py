"""Settings of outgoing mail, from `NATIVEFAX_SMTP_…`. Secrets print as stars."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.verp import MailDomain

Security = Literal["starttls", "tls", "none"]
MEGABYTE = 1_000_000


class MailSettings(BaseSettings):
    """How to reach the relay, and how large a mail may be."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_SMTP_", env_ignore_empty=True, frozen=True, extra="ignore")

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    security: Security = Field(default="starttls", description="none is for a relay on this machine only")
    ca_file: Path | None = Field(default=None, description="PEM; the system's authorities if not given")
    ehlo_name: str | None = Field(default=None, description="how we greet; this machine's name if not given")
    envelope_sender: str | None = Field(default=None, description="where bounces go; the brand's address if not given")
    bounce_domain: MailDomain | None = Field(
        default=None, description="each mail has an envelope sender of its own below it: the bounces stage takes those"
    )
    timeout_seconds: float = Field(default=60.0, gt=0, description="the hard timeout of one mail")
    connect_seconds: float = Field(default=10.0, gt=0, description="to be connected, secured and signed in")
    connections: int = Field(default=8, ge=1, le=100, description="open at most, for each process")
    connection_age_seconds: float = Field(default=300.0, gt=0, description="a connection is closed when older")
    connection_mails: int = Field(default=100, ge=1, description="mails after which a connection is closed")
    idle_check_seconds: float = Field(default=15.0, ge=0, description="idle for longer: ask if it still works")
    max_attachment_mb: int = Field(default=20, ge=0, description="a larger PDF is sent as a link, in 1,000,000 bytes")
    lease_margin_seconds: float = Field(default=60.0, ge=1, description="reading the document, and clocks that differ")

    @model_validator(mode="after")
    def _no_secrets_in_the_clear(self) -> Self:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError("NATIVEFAX_SMTP_SECURITY=none is for a relay on this machine; use starttls or tls")
        return self

    @property
    def max_attachment_bytes(self) -> int:
        """The largest PDF that is attached, in bytes."""
        return self.max_attachment_mb * MEGABYTE

    @property
    def lease(self) -> timedelta:
        """Longer than the effect can take: two mails (with the document, then with a link), each with a probe after."""
        return timedelta(seconds=2 * (self.timeout_seconds + self.connect_seconds) + self.lease_margin_seconds)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
